"""Publishes a draft as a version that never changes; pauses, resumes and archives a journey.

What a journey listens to is written down with each of these, and by nothing else.
"""

from collections.abc import Iterable
from typing import Any

from django.db.models import Exists, Max, OuterRef, Q
from django.db.models.functions import Now

from pipeline.foundation import database_clock
from pipeline.foundation.fence import fenced
from pipeline.foundation.lifecycle import move
from pipeline.workspaces.models import User
from pipeline.workspaces.models.audit import record
from pipeline.workspaces.models.setback import Setback

from .blocks.problems import problems_of
from .definition.conditions import written
from .definition.definition import BadDefinition, Definition
from .definition.schedule import next_time, schedule_of
from .definition.triggers import is_id
from .models import Journey, JourneyState, JourneyVersion, Run
from .models.listener import Kind, Listener, event_name
from .reasons import Code, because
from .writing.stop import stop_runs

# What may stop a run. Whether it does, JourneyRules say at that moment: they change in one place.
MAY_STOP: list[tuple[str, int | None, str]] = [
    (Kind.OUTCOME, None, "rejected"),
    (Kind.OUTCOME, None, "hired"),
    (Kind.OPT_OUT, None, ""),
]


class CantPublish(ValueError):
    """The draft has problems; `problems` says which at which block ("" for the trigger)."""

    def __init__(self, problems: dict[str, list[str]]) -> None:
        super().__init__("; ".join(sentence for found in problems.values() for sentence in found))
        self.problems = problems


@fenced()
def publish(journey: Journey, by: User) -> JourneyVersion:
    """The draft as it is now becomes the next version; runs keep the one they began with.

    Raises CantPublish, and has then changed nothing.
    """
    locked(journey)
    try:
        definition = Definition.from_json(journey.draft)
    except BadDefinition as reason:
        raise CantPublish({"": [str(reason)]})
    if problems := problems_of(definition, journey.workspace, journey):
        raise CantPublish(problems)
    last = journey.versions.aggregate(last=Max("number", default=0))["last"]
    version = JourneyVersion.objects.create(
        journey=journey, number=last + 1, definition=definition.as_json(), published_by=by
    )
    if not move(journey, Journey.MOVES, "publish", version=version, scheduled_by=by):
        raise CantPublish({"": [f"The journey is {journey.get_state_display().lower()}."]})
    set_schedule(journey)
    listen(journey)
    # What failed may be mended with it, and is tried at once.
    Setback.objects.shown_at(journey.workspace_id, journey.get_absolute_url()).delete()
    record(journey.workspace, by, "published", f"{journey} v{version.number}", link_to(journey))
    return version


@fenced()
def pause(journey: Journey, by: User) -> bool:
    """Nobody enters, and no run takes a further step. False when it was not live."""
    return change(journey, "pause", by, "paused")


@fenced()
def pause_unpublished(journey: Journey, why: str) -> bool:
    """The same by Belay itself, as its publisher may no longer publish; `why` says so."""
    return change(journey, "pause", None, "paused", why, paused_why=why, paused_at=Now())


@fenced()
def resume(journey: Journey, by: User) -> bool:
    """Runs whose time came meanwhile go on at once. False when it was not paused.

    From now on its schedule enrolls whom `by` sees.
    """
    return change(journey, "resume", by, "resumed", scheduled_by=by, paused_why="", paused_at=None)


@fenced()
def archive(journey: Journey, by: User) -> bool:
    """Out of use: its runs are stopped. False when it was archived before."""
    if not change(journey, "archive", by, "archived"):
        return False
    stop_runs(Run.objects.filter(journey=journey), because(Code.STOPPED_ARCHIVED, by=str(by)))
    return True


def change(
    journey: Journey, verb: str, by: User | None, done: str, why: str = "", **fields: Any
) -> bool:
    locked(journey)
    moved = move(journey, Journey.MOVES, verb, **fields)
    if moved:
        set_schedule(journey)
        listen(journey)
        what = f"{journey}: {why}" if why else str(journey)
        record(journey.workspace, by, done, what, link_to(journey))
    return moved


def locked(journey: Journey) -> None:
    """The journey as of now, after whatever is being written of its runs: who writes holds its row
    FOR KEY SHARE."""
    Journey.objects.select_for_update().get(pk=journey.pk)
    journey.refresh_from_db()


def listen(journey: Journey) -> None:
    """Have the database write down what this journey listens to, as it is now.

    A paused one enrolls nobody, but its runs still hear what they wait for. Versions that runs
    still travel through listen, too.
    """
    journey.listeners.all().delete()
    if journey.state == JourneyState.ARCHIVED or journey.version is None:
        return
    # One look into an index for each version, however many runs there are.
    travelled = Exists(Run.objects.running().filter(version=OuterRef("pk")))
    versions = journey.versions.filter(Q(pk=journey.version_id) | travelled)
    readable = [definition for version in versions if (definition := version.parsed_or_none)]
    wanted = {heard for definition in readable for heard in waits_of(definition)}
    listeners = [listener(journey, *heard, is_trigger=False) for heard in sorted(wanted, key=str)]
    definition = journey.version.parsed_or_none
    trigger = heard_by(definition.trigger) if definition else None
    if journey.is_live and trigger:
        listeners.append(listener(journey, *trigger, is_trigger=True))
    listeners += [listener(journey, *heard, is_trigger=False) for heard in MAY_STOP]
    Listener.objects.bulk_create(listeners)


def set_schedule(journey: Journey) -> None:
    """When its trigger is a schedule: the next time from now on; what a pause missed is missed."""
    schedule = (
        schedule_of(journey.version.parsed_or_none) if journey.is_live and journey.version else None
    )
    now = database_clock.now()
    journey.next_at = next_time(schedule, journey.workspace, now) if schedule else None
    journey.save(update_fields=["next_at"])


def listener(
    journey: Journey, kind: str, ref: int | None, name: str, *, is_trigger: bool
) -> Listener:
    return Listener(
        journey=journey,
        workspace_id=journey.workspace_id,
        kind=kind,
        ref=ref,
        name=event_name(name),
        is_trigger=is_trigger,
    )


def waits_of(definition: Definition) -> Iterable[tuple[str, int | None, str]]:
    from .blocks import BLOCKS  # blocks know of happenings, and this module of both

    for node in definition:
        if node.type in BLOCKS:
            yield from BLOCKS[node.type](node.options).listens_to()


def heard_by(trigger: dict[str, Any]) -> tuple[str, int | None, str] | None:
    """The kind, ref and name of what makes candidates enter; None where nothing that happens
    does: by hand, on a schedule, or where somebody edited it by hand and it names nothing."""
    type, options = trigger["type"], trigger.get("options", {})
    if type in (Kind.FOLDER, Kind.LABEL) and is_id(options.get(type)):
        return type, int(options[type]), ""
    if type == Kind.EVENT and written(options.get("event_name")):
        return type, None, written(options["event_name"])
    return (type, None, "") if type == Kind.CREATED else None


def link_to(journey: Journey) -> str:
    return f"/journeys/{journey.pk}/"
