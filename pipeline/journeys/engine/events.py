"""What happened to candidates, and the journeys that listen: who enters, who goes on, who stops."""

import logging
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from functools import partial
from typing import Any

from django.db import connection, transaction

from pipeline.foundation import database_clock
from pipeline.journeys.definition.conditions import is_met
from pipeline.journeys.definition.triggers import text_of
from pipeline.journeys.models import Journey, Run
from pipeline.journeys.models.listener import Happening, Kind, Listener, event_name, key
from pipeline.journeys.models.rules import JourneyRules
from pipeline.journeys.models.sql import with_states
from pipeline.journeys.reasons import Code, because
from pipeline.journeys.writing.enroll import (
    MOST_ENTRIES,
    enroll,
    entered_too_often,
    hold_live,
    refuse,
)
from pipeline.journeys.writing.stop import stop_runs
from pipeline.workspaces.models.setback import Setback
from pipeline.workspaces.setbacks.isolation import Isolation, Subject

log = logging.getLogger(__name__)
BATCH = 5_000
TOO_OFTEN = because(Code.ENTERED_TOO_OFTEN, times=MOST_ENTRIES)
EVENTS = "journey_events"  # the loop, for setbacks
TELLER = 0x42E4  # first half of an advisory lock's key


def note_event(
    *, workspace_id: int, candidate_id: int, name: str, properties: dict[str, Any], **_: Any
) -> None:
    """Write down that a custom event came, where a journey listens to its name.

    It hears the signal `event_taken`: in the transaction that takes the event, so that a repeat of
    it is not heard again.
    """
    heard = event_name(name)
    if Listener.objects.filter(workspace=workspace_id, kind=Kind.EVENT, name=heard).exists():
        Happening.objects.create(
            workspace_id=workspace_id,
            candidate_id=candidate_id,
            kind=Kind.EVENT,
            name=heard,
            properties=properties,
        )


@transaction.atomic
def tell(which: Iterable[int] | None = None) -> int:
    """The oldest of what is to be told, or, of these happenings, what is still there."""
    happened = take(which) if acquire_dispatch_lock() else []
    if not happened:
        return 0
    listeners = listeners_of({happening.workspace_id for happening in happened})
    hold_all(happened, listeners)
    # What only one journey has yet to hear has stopped and woken others before.
    new = [happening for happening in happened if happening.only_for is None]
    stopped = stop_where_wanted(new)
    # Who was stopped enters what follows, as a journey that begins in the folder Hired.
    let_enter(
        [
            happening
            for happening in happened
            if happening.pk > stopped.get(happening.candidate_id, 0)
        ],
        listeners,
    )
    wake(new)
    if late := {happening.workspace_id for happening in new if happening.put_off_until}:
        Setback.objects.of(EVENTS).filter(record__in=late).delete()
    return len(happened)


def acquire_dispatch_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, 0)", [TELLER])
        return bool(cursor.fetchone()[0])


def take(which: Iterable[int] | None = None) -> list[Happening]:
    """Out of the table, in their order: the oldest BATCH, or these."""
    if which is None:
        rows = Happening.objects.raw(TAKE, [BATCH])
    else:
        rows = Happening.objects.raw(TAKE_THESE, [list(which)])
    return sorted(rows, key=lambda happening: happening.pk)


def listeners_of(workspaces: Iterable[int]) -> dict[tuple[int, str], list[Listener]]:
    """The triggers of live journeys, for each workspace and key.

    Without those whose version can't be read: nobody enters them, and all others hear.
    """
    found: dict[tuple[int, str], list[Listener]] = defaultdict(list)
    live = Journey.objects.live()
    triggers = Listener.objects.filter(workspace__in=workspaces, is_trigger=True, journey__in=live)
    for listener in triggers.select_related("journey__version__journey"):
        if listener.journey.version is None or listener.journey.version.parsed_or_none is None:
            log.warning("Nobody enters %s: its version can't be read.", listener.journey)
            continue
        found[listener.workspace_id, key(listener.kind, listener.ref, listener.name)].append(
            listener
        )
    return found


def hold_all(happened: list[Happening], listeners: dict[tuple[int, str], list[Listener]]) -> None:
    """Lock what the rest will need, in the order in which others do (see writing/enroll.py).

    Journeys that are entered, then runs that are woken or stopped, after that the candidates.

    Listeners of a journey that was paused or archived meanwhile are dropped.
    """
    wanted = {
        listener.journey_id
        for happening in happened
        for listener in listeners.get(place_of(happening), ())
    }
    live = hold_live(wanted)
    for place, found in listeners.items():
        listeners[place] = [listener for listener in found if listener.journey_id in live]
    ends = [happening.candidate_id for happening in happened if is_an_end(happening)]
    with connection.cursor() as cursor:
        cursor.execute(
            HOLD, {"candidates": [happening.candidate_id for happening in happened], "ends": ends}
        )


def let_enter(happened: list[Happening], listeners: dict[tuple[int, str], list[Listener]]) -> None:
    """Where a journey fails at it, the others hear all the same, and it hears again later."""
    entering: dict[Listener, list[Happening]] = defaultdict(list)
    for happening in happened:
        for listener in listeners.get(place_of(happening), ()):
            if happening.only_for in (None, listener.journey_id):
                entering[listener].append(happening)
    if not entering:
        return
    entries = Isolation("journey_entries")
    for listener in sorted(entering, key=lambda listener: listener.journey_id):
        journey, heard = listener.journey, entering[listener]
        what = f"Letting candidates enter the journey “{journey}”"
        subject = Subject(journey.pk, journey.workspace_id, what, journey.get_absolute_url())
        if not entries.attempt(subject, partial(let_them_enter, listener, heard)):
            until = entries.put_off_until(journey.pk) or database_clock.now()
            put_back(heard, journey.pk, until)


def let_them_enter(listener: Listener, heard: list[Happening]) -> bool:
    """By what they heard, as the trigger says. One that fails in the caller's savepoint."""
    version = listener.journey.version
    entering = [
        happening.candidate_id for happening in heard if wants(listener, happening.properties)
    ]
    if version and entering:
        why = text_of(version.parse().trigger)
        round_and_round = going_round(listener, entering)
        enroll(version, [pk for pk in entering if pk not in round_and_round], why)
        if round_and_round:
            refuse(version, sorted(round_and_round), why, TOO_OFTEN)
    return True


def put_back(happened: list[Happening], journey_id: int, until: datetime) -> None:
    """Have that journey alone hear it once more."""
    Happening.objects.bulk_create(
        Happening(
            workspace_id=happening.workspace_id,
            candidate_id=happening.candidate_id,
            kind=happening.kind,
            ref=happening.ref,
            name=happening.name,
            properties=happening.properties,
            at=happening.at,
            put_off_until=until,
            only_for=journey_id,
        )
        for happening in happened
    )


def going_round(listener: Listener, candidates: list[int]) -> set[int]:
    """Those whom journeys themselves may have made enter, again and again. They change labels and
    folders; other events come from outside."""
    if listener.kind not in (Kind.LABEL, Kind.FOLDER):
        return set()
    return entered_too_often(listener.journey_id, candidates)


def place_of(happening: Happening) -> tuple[int, str]:
    return happening.workspace_id, key_of(happening)


def is_an_end(happening: Happening) -> bool:
    """Whether a workspace may want it to stop the candidate's runs."""
    return happening.kind in (Kind.OUTCOME, Kind.OPT_OUT)


def key_of(happening: Happening) -> str:
    ref = None if happening.kind in (Kind.CREATED, Kind.EVENT, Kind.OPT_OUT) else happening.ref
    return key(happening.kind, ref, happening.name)


def wants(listener: Listener, properties: dict[str, Any]) -> bool:
    """Whether the trigger's condition on an event's properties is met, where there is one."""
    if listener.kind != Kind.EVENT or listener.journey.version is None:
        return True
    return is_met(listener.journey.version.parse().trigger.get("options", {}), properties)


def wake(happened: list[Happening]) -> None:
    """Have the runs that wait for it go on at once."""
    with connection.cursor() as cursor:
        cursor.execute(
            WAKE,
            {
                "candidates": [happening.candidate_id for happening in happened],
                "keys": [key_of(happening) for happening in happened],
            },
        )


def stop_where_wanted(happened: list[Happening]) -> dict[int, int]:
    """Stop all runs of those who were rejected or hired, or opted out, as their workspace chose.

    Returns by which happening each of them was stopped, the last one for who was several times.
    """
    stopping: dict[tuple[int, str], dict[int, int]] = defaultdict(dict)
    for happening in happened:
        if is_an_end(happening):
            stopping[happening.workspace_id, happening.name or happening.kind][
                happening.candidate_id
            ] = happening.pk
    stopped: dict[int, int] = {}
    for (workspace_id, what), last in sorted(stopping.items()):
        if reason := JourneyRules.of(workspace_id).reason_to_stop(what):
            stop_runs(Run.objects.filter(workspace=workspace_id, candidate__in=last), reason)
            for candidate_id, pk in last.items():
                stopped[candidate_id] = max(pk, stopped.get(candidate_id, 0))
    return stopped


TAKE = """
DELETE FROM journeys_happening WHERE id = ANY(ARRAY(
    SELECT id FROM journeys_happening
    WHERE put_off_until IS NULL OR put_off_until <= now() ORDER BY id LIMIT %s
))
RETURNING *
"""
TAKE_THESE = "DELETE FROM journeys_happening WHERE id = ANY(%s::bigint[]) RETURNING *"

# In the order of the runs' ids, as everything that locks several of them does.
HOLD = with_states("""
SELECT count(*) FROM (
    SELECT FROM journeys_run
    WHERE candidate_id = ANY(%(candidates)s::bigint[]) AND state = {running}
      AND (waiting_for <> '' OR candidate_id = ANY(%(ends)s::bigint[]))
    ORDER BY id FOR NO KEY UPDATE
) AS held
""")
WAKE = with_states("""
WITH happened AS (
    SELECT * FROM unnest(%(candidates)s::bigint[], %(keys)s::text[]) AS one (candidate_id, key)
), waiting AS (
    SELECT run.id FROM journeys_run AS run
    WHERE run.state = {running} AND run.waiting_for <> ''
      AND (run.candidate_id, run.waiting_for) IN (SELECT candidate_id, key FROM happened)
    ORDER BY run.id FOR NO KEY UPDATE
)
UPDATE journeys_run AS run SET due_at = now(), heard = true
FROM waiting WHERE run.id = waiting.id AND run.waiting_for <> ''
""")
