"""Lets candidates enter a journey: many at once, in one statement, and each by the rule."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db import connection, transaction
from django.db.models import Count
from django.db.models.functions import Now

from .models import Journey, JourneyVersion, Run

MOST_ENTRIES = 10  # of one candidate into one journey within an hour, unless a person wants it
ENROLLMENT = 0x42E3  # first half of an advisory lock's key; the second is the journey's id


@dataclass(frozen=True)
class Enrolled:
    """How many entered, and how many did not because they are in it or may not come again."""

    entered: int
    in_it: int
    not_again: int


@transaction.atomic
def enroll(version: JourneyVersion, candidates: Sequence[int], why: str) -> Enrolled:
    """Have these candidates of the journey's workspace begin at its first block, now.

    One enrollment at a time for each journey: two that look at the same moment whether somebody
    has been there before would both let them in.
    """
    journey = Journey.objects.get(pk=version.journey_id)
    definition = version.read
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(%s::int, %s::int)", [ENROLLMENT, journey.pk % 2**31]
        )
        cursor.execute(
            ENROLL,
            {
                "workspace": journey.workspace_id,
                "journey": journey.pk,
                "version": version.pk,
                "block": definition.start or "",
                "candidates": list(candidates),
                "rule": definition.reentry["rule"],
                "days": definition.reentry.get("days", 0),
                "why": why[:200],
            },
        )
        entered, in_it, not_again = cursor.fetchone()
    return Enrolled(entered, in_it, not_again)


def entered_too_often(journey_id: int, candidates: Sequence[int]) -> set[int]:
    """Those of them who go round: journeys that make each other's candidates enter never end."""
    lately = Run.objects.filter(
        journey=journey_id, candidate__in=candidates, started_at__gt=Now() - timedelta(hours=1)
    )
    counts = lately.order_by().values("candidate").annotate(number=Count("pk"))
    often = counts.filter(number__gte=MOST_ENTRIES)
    return set(often.values_list("candidate", flat=True))


def refuse(version: JourneyVersion, candidates: Sequence[int], why: str, reason: str) -> None:
    """Runs that end before their first step, so that somebody reads why nothing happens."""
    with connection.cursor() as cursor:
        cursor.execute(
            REFUSE,
            {
                "workspace": version.journey.workspace_id,
                "journey": version.journey_id,
                "version": version.pk,
                "block": version.read.start or "",
                "candidates": list(candidates),
                "why": why[:200],
                "reason": reason,
            },
        )


def running_count(journey: Journey) -> int:
    return Run.objects.running().filter(journey=journey).count()


# Locked as the foreign keys would have it anyway, but in the order in which others lock them.
ENROLL = """
WITH picked AS (
    SELECT id FROM candidates_candidate
    WHERE workspace_id = %(workspace)s AND id = ANY(%(candidates)s::bigint[])
    ORDER BY id FOR KEY SHARE
), judged AS (
    SELECT picked.*,
        EXISTS (
            SELECT FROM journeys_run AS run WHERE run.journey_id = %(journey)s
            AND run.candidate_id = picked.id AND run.state = 'running'
        ) AS is_in_it,
        %(rule)s <> 'always' AND EXISTS (
            SELECT FROM journeys_run AS run WHERE run.journey_id = %(journey)s
            AND run.candidate_id = picked.id
            AND (%(rule)s = 'never' OR run.started_at > now() - %(days)s * interval '1 day')
        ) AS was_in_it
    FROM picked
), entered AS (
    INSERT INTO journeys_run (
        workspace_id, journey_id, version_id, candidate_id, state, block, steps,
        steps_in_row, due_at, is_waiting, waiting_for, heard, tries, entered_by, end_reason
    )
    SELECT %(workspace)s, %(journey)s, %(version)s, id, 'running', %(block)s, 0,
        0, now(), false, '', false, 0, %(why)s, ''
    FROM judged WHERE NOT is_in_it AND NOT was_in_it
    ON CONFLICT (journey_id, candidate_id) WHERE state = 'running' DO NOTHING
    RETURNING id
)
SELECT (SELECT count(*) FROM entered), count(*) FILTER (WHERE is_in_it),
    count(*) FILTER (WHERE was_in_it AND NOT is_in_it)
FROM judged
"""
REFUSE = """
WITH refused AS (
    INSERT INTO journeys_run (
        workspace_id, journey_id, version_id, candidate_id, state, block, steps, steps_in_row,
        due_at, is_waiting, waiting_for, heard, tries, entered_by, ended_at, end_reason
    )
    SELECT %(workspace)s, %(journey)s, %(version)s, id, 'failed', %(block)s, 1, 0,
        NULL, false, '', false, 0, %(why)s, now(), %(reason)s
    FROM candidates_candidate
    WHERE workspace_id = %(workspace)s AND id = ANY(%(candidates)s::bigint[]) AND NOT EXISTS (
        SELECT FROM journeys_run AS run WHERE run.journey_id = %(journey)s
        AND run.candidate_id = candidates_candidate.id AND run.state = 'running'
    )
    ORDER BY id FOR KEY SHARE
    RETURNING id
)
INSERT INTO journeys_runstep (run_id, number, block, summary, text, way, details)
SELECT id, 1, %(block)s, 'Not begun', %(reason)s, '', '{}' FROM refused
"""
