"""What happened to candidates, and the journeys that listen: who enters, who goes on, who stops."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.db import connection, models, transaction

from .conditions import is_met
from .enrolling import enroll
from .listeners import Happening, Listener
from .models import Journey, Run
from .rules import JourneyRules
from .stopping import stop_runs

BATCH = 5_000
TELLER = 0x42E4  # first half of an advisory lock's key


class Kind(models.TextChoices):
    CREATED = "created", "Candidate created or imported"
    FOLDER = "folder", "Candidate enters a folder"
    LABEL = "label", "Label added"
    EVENT = "event", "Custom event"
    OUTCOME = "outcome", "Candidate rejected or hired"  # listened to for JourneyRules
    OPT_OUT = "opt_out", "Candidate opts out of messages"  # the same


def key(kind: str, ref: int | None = None, name: str = "") -> str:
    """What Run.waiting_for holds while it waits for that: "label:12", "event:paid"."""
    return f"{kind}:{ref if ref is not None else name}"


def tell_all() -> int:
    """Tell the journeys of everything that happened and was committed. Returns how much."""
    told = 0
    while number := tell_some():
        told += number
    return told


@transaction.atomic
def tell_some() -> int:
    """Of the oldest BATCH: what follows from them commits together with their being gone.

    One process at a time: what happened to a candidate is told in its order.
    """
    happened = take(BATCH) if is_only_teller() else []
    if not happened:
        return 0
    listeners = listeners_of({one.workspace_id for one in happened})
    let_enter(happened, listeners)
    wake(happened)
    stop_where_wanted(happened)
    return len(happened)


def is_only_teller() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, 0)", [TELLER])
        return bool(cursor.fetchone()[0])


def take(number: int) -> list[Happening]:
    return sorted(Happening.objects.raw(TAKE, [number]), key=lambda one: one.pk)


def listeners_of(workspaces: Iterable[int]) -> dict[tuple[int, str], list[Listener]]:
    """The triggers of live journeys, for each workspace and key."""
    found: dict[tuple[int, str], list[Listener]] = defaultdict(list)
    live = Journey.objects.live()
    triggers = Listener.objects.filter(workspace__in=workspaces, is_trigger=True, journey__in=live)
    for one in triggers.select_related("journey__version__journey"):
        found[one.workspace_id, key(one.kind, one.ref, one.name)].append(one)
    return found


def let_enter(happened: list[Happening], listeners: dict[tuple[int, str], list[Listener]]) -> None:
    entering: dict[Listener, list[int]] = defaultdict(list)
    for one in happened:
        for listener in listeners.get((one.workspace_id, key_of(one)), ()):
            if wants(listener, one.properties):
                entering[listener].append(one.candidate_id)
    for listener in sorted(entering, key=lambda listener: listener.journey_id):
        version = listener.journey.version
        if version:
            why = version.definition["trigger"].get("summary", Kind(listener.kind).label)
            enroll(version, entering[listener], why)


def key_of(one: Happening) -> str:
    ref = None if one.kind in (Kind.CREATED, Kind.EVENT, Kind.OPT_OUT) else one.ref
    return key(one.kind, ref, one.name)


def wants(listener: Listener, properties: dict[str, Any]) -> bool:
    """Whether the trigger's condition on an event's properties is met, where there is one."""
    if listener.kind != Kind.EVENT or listener.journey.version is None:
        return True
    options = listener.journey.version.definition["trigger"].get("options", {})
    return is_met(options, properties)


def wake(happened: list[Happening]) -> None:
    """Have the runs that wait for it go on at once."""
    with connection.cursor() as cursor:
        cursor.execute(
            WAKE,
            {
                "candidates": [one.candidate_id for one in happened],
                "keys": [key_of(one) for one in happened],
            },
        )


def stop_where_wanted(happened: list[Happening]) -> None:
    """All runs of those who were rejected or hired, or opted out, as their workspace chose."""
    stopping: dict[tuple[int, str], list[int]] = defaultdict(list)
    for one in happened:
        if one.kind in (Kind.OUTCOME, Kind.OPT_OUT):
            stopping[one.workspace_id, one.name or one.kind].append(one.candidate_id)
    for (workspace_id, what), candidates in sorted(stopping.items()):
        rules = JourneyRules.of(workspace_id)
        wanted = {
            "rejected": (rules.stop_when_rejected, "The candidate was rejected."),
            "hired": (rules.stop_when_hired, "The candidate was hired."),
        }.get(what, (rules.stop_when_opted_out, "The candidate opted out of messages."))
        if wanted[0]:
            runs = Run.objects.filter(workspace=workspace_id, candidate__in=candidates)
            stop_runs(runs, wanted[1])


TAKE = """
DELETE FROM journeys_happening WHERE id = ANY(ARRAY(
    SELECT id FROM journeys_happening ORDER BY id LIMIT %s
))
RETURNING *
"""

# In the order of the runs' ids, as everything that locks several of them does.
WAKE = """
WITH happened AS (
    SELECT * FROM unnest(%(candidates)s::bigint[], %(keys)s::text[]) AS one (candidate_id, key)
), waiting AS (
    SELECT run.id FROM journeys_run AS run
    WHERE run.state = 'running' AND run.waiting_for <> ''
      AND (run.candidate_id, run.waiting_for) IN (SELECT candidate_id, key FROM happened)
    ORDER BY run.id FOR NO KEY UPDATE
)
UPDATE journeys_run AS run SET due_at = now(), heard = true
FROM waiting WHERE run.id = waiting.id AND run.waiting_for <> ''
"""
