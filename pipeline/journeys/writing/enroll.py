"""Lets candidates enter a journey: many at once, in one statement, and each by the rule.

Whoever takes several of these locks takes them in this order, or does not wait for what it can't
have at once: the journey's row, its ENROLLMENT, runs in the order of their ids, candidates in the
order of theirs.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection
from django.db.models import Count
from django.db.models.functions import Now

from pipeline.candidates.sql.people import kept
from pipeline.foundation.fence import fenced
from pipeline.journeys.models import JourneyVersion, Run
from pipeline.journeys.models.sql import STATES, with_states
from pipeline.journeys.reasons import Reason
from pipeline.journeys.signals import announce_runs

MOST_ENTRIES = 10  # of one candidate into one journey within an hour, unless a person wants it
ENROLLMENT = 0x42E3  # first half of an advisory lock's key; the second is the journey's id


@dataclass(frozen=True)
class Enrolled:
    """How many entered, and how many did not because they are in it or may not come again."""

    entered: int
    in_it: int
    not_again: int


@fenced()
def enroll(version: JourneyVersion, candidates: Sequence[int], why: str) -> Enrolled:
    """Have these candidates of the journey's workspace begin at its first block, now.

    One enrollment at a time for each journey: two that look at the same moment whether somebody
    has been there before would both let them in.
    """
    hold_enrollment(version.journey_id)
    people = {"candidates": list(candidates), "why": why[:200]}
    fit = entering("ruled AS person WHERE NOT is_in_it AND NOT was_in_it", "%(why)s")
    with connection.cursor() as cursor:
        sql = ENROLL.format(people=PICKED, ruling=ruling("picked"), entering=fit)
        cursor.execute(sql, entry_into(version) | people)
        entered, in_it, not_again = cursor.fetchone()
    if entered:
        announce_runs(version.journey.workspace_id, candidates)
    return Enrolled(entered, in_it, not_again)


def hold_enrollment(journey_id: int) -> None:
    """Until the transaction ends nobody else lets candidates enter this journey."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(%s::int, %s::int)", [ENROLLMENT, journey_id % 2**31]
        )


def hold_live(journeys: Iterable[int]) -> set[int]:
    """Those of them that are live, and stay so until the transaction ends; until then nobody else
    lets candidates enter them. To be called before runs or candidates are locked."""
    with connection.cursor() as cursor:
        cursor.execute(HOLD_LIVE, [list(journeys)])
        live = [pk for (pk,) in cursor.fetchall()]
    for pk in live:
        hold_enrollment(pk)
    return set(live)


def entered_too_often(journey_id: int, candidates: Sequence[int]) -> set[int]:
    """Those of them who go round: journeys that make each other's candidates enter never end."""
    lately = Run.objects.filter(
        journey=journey_id, candidate__in=candidates, started_at__gt=Now() - timedelta(hours=1)
    )
    counts = lately.order_by().values("candidate").annotate(number=Count("pk"))
    often = counts.filter(number__gte=MOST_ENTRIES)
    return set(often.values_list("candidate", flat=True))


def refuse(version: JourneyVersion, candidates: Sequence[int], why: str, reason: Reason) -> None:
    """Runs that end before their first step, so that somebody reads why nothing happens."""
    with connection.cursor() as cursor:
        cursor.execute(
            REFUSE,
            {
                "workspace": version.journey.workspace_id,
                "journey": version.journey_id,
                "version": version.pk,
                "block": version.parse().start or "",
                "candidates": list(candidates),
                "why": why[:200],
                "code": reason.code,
                "facts": json.dumps(reason.facts),
            },
        )


# --- SQL for statements that have the candidates in a table expression of their own ---


def entry_into(version: JourneyVersion) -> dict[str, Any]:
    """The parameters of `ruling` and `entering`. Raises BadDefinition."""
    definition = version.parse()
    return {
        "entry_workspace": version.journey.workspace_id,
        "entry_journey": version.journey_id,
        "entry_version": version.pk,
        "entry_block": definition.start or "",
        "entry_rule": definition.reentry["rule"],
        "entry_days": definition.reentry.get("days", 0),
    }


def ruling(people: str) -> str:
    """`ruled`: `people` with what keeps them from entering, `is_in_it` and `was_in_it`. Reads
    their id and changes nothing; who has not called `hold_enrollment` before gets a preview."""
    return RULING.format(people=people, **STATES)


def entering(source: str, why: str) -> str:
    """`entered (id, candidate_id)`: a run for each row of `source`, a FROM clause in which `person`
    has the candidate's id. `why`, what made them enter, is SQL over it."""
    return ENTERING.format(source=source, why=why, **STATES)


# Waits for whoever pauses, archives or publishes it (publishing.locked); for no edit of its draft.
HOLD_LIVE = with_states("""
SELECT id FROM journeys_journey WHERE id = ANY(%s) AND state = {live} ORDER BY id FOR KEY SHARE
""")
RULING = """
ruled AS (
    SELECT {people}.*,
        coalesce(before.is_running, false) AS is_in_it,
        %(entry_rule)s <> 'always' AND before.last_start IS NOT NULL AND (
            %(entry_rule)s = 'never'
            OR before.last_start > now() - %(entry_days)s * interval '1 day'
        ) AS was_in_it
    FROM {people}, LATERAL (
        SELECT bool_or(run.state = {running}) AS is_running, max(run.started_at) AS last_start
        FROM (
            -- By the candidate alone: of a journey that many have just entered, statistics know
            -- nothing, and the whole journey would be read for each.
            SELECT * FROM journeys_run WHERE candidate_id = {people}.id OFFSET 0
        ) AS run
        WHERE run.journey_id = %(entry_journey)s
    ) AS before
)
"""
ENTERING = """
entered AS (
    INSERT INTO journeys_run (
        workspace_id, journey_id, version_id, candidate_id, state, block, steps,
        steps_in_row, due_at, is_waiting, waiting_for, heard, tries, entered_by, end_reason
    )
    SELECT %(entry_workspace)s, %(entry_journey)s, %(entry_version)s, person.id, {running},
        %(entry_block)s, 0, 0, now(), false, '', false, 0, {why}, ''
    FROM {source}
    ON CONFLICT (journey_id, candidate_id) WHERE state = {running} DO NOTHING
    RETURNING id, candidate_id
)
"""
# Locked as the foreign keys would have it anyway, but in the order in which others lock them.
PICKED = kept("%(entry_workspace)s", "%(candidates)s::bigint[]")
ENROLL = """
WITH picked AS ({people}), {ruling}, {entering}
SELECT (SELECT count(*) FROM entered), count(*) FILTER (WHERE is_in_it),
    count(*) FILTER (WHERE was_in_it AND NOT is_in_it)
FROM ruled
"""
REFUSE = """
WITH person AS ({people}), refused AS (
    INSERT INTO journeys_run (
        workspace_id, journey_id, version_id, candidate_id, state, block, steps, steps_in_row,
        due_at, is_waiting, waiting_for, heard, tries, entered_by, ended_at, end_reason,
        end_facts
    )
    SELECT %(workspace)s, %(journey)s, %(version)s, id, {failed}, %(block)s, 1, 0,
        NULL, false, '', false, 0, %(why)s, now(), %(code)s, %(facts)s::jsonb
    FROM person WHERE NOT EXISTS (
        SELECT FROM journeys_run AS run WHERE run.journey_id = %(journey)s
        AND run.candidate_id = person.id AND run.state = {running}
    )
    RETURNING id
)
INSERT INTO journeys_runstep (run_id, number, block, summary, text, facts, way, details)
SELECT id, 1, %(block)s, '', %(code)s, %(facts)s::jsonb, '', '{{}}' FROM refused
"""
REFUSE = REFUSE.format(people=kept("%(workspace)s", "%(candidates)s::bigint[]"), **STATES)
