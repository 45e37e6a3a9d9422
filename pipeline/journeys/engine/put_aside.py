"""Runs that can't be taken further for a reason on our side: put off, so that others go on.

A run that fails alone is put off alone; where many do, or the block does, all that stand there; and
a journey that fails as a whole, as one. What a run can't do for a reason of its own is none of
this: its log says so, and it ends or takes another way.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models.functions import Now
from django.urls import reverse
from rq.timeouts import BaseTimeoutException

from pipeline.foundation.outages import outage_of
from pipeline.foundation.parts import TooMany, raise_if_lost, work_in_parts
from pipeline.foundation.turns import Interrupted, is_stop_requested
from pipeline.journeys.models import Journey, Run
from pipeline.workspaces.setbacks.isolation import Isolation, Subject

if TYPE_CHECKING:
    from .runner import BlockGroup


def for_each_journey(loop: str, journeys: list[int], work: Callable[[int, Isolation], int]) -> int:
    """`work` on each of them that is not put off. Returns the sum of what it returns."""
    isolation = Isolation(loop)
    found = Journey.objects.only("workspace", "name").in_bulk(journeys)
    done = 0
    for pk in journeys:
        if pk in found and not is_stop_requested():
            done += isolation.attempt(of_journey(found[pk]), partial(work, pk, isolation)) or 0
    return done


def advance_with_care(
    group: "BlockGroup", isolation: Isolation, advance: Callable[["BlockGroup"], object]
) -> None:
    """Take the step of these runs in the caller's transaction; what fails is put off."""
    place = of_place(group)
    if until := isolation.put_off_until(*place.key):
        put_off(group.runs, until)
        return
    try:
        with transaction.atomic():
            advance(group)
    except (BaseTimeoutException, Interrupted):
        raise
    except Exception as error:
        raise_if_lost(error)
        if outage_of(error):  # to try each alone would be to wait for the same lock again
            put_off(group.runs, isolation.fail(place, error))
        else:
            advance_in_parts(group, isolation, advance)
        return
    isolation.succeed(place)
    note_success(group.runs, isolation)


def advance_in_parts(
    group: "BlockGroup", isolation: Isolation, advance: Callable[["BlockGroup"], object]
) -> None:
    """All but those that it fails for."""
    broken = work_in_parts(group.runs, lambda runs: advance(group.only(runs)))
    untried = [run for run, error in broken if isinstance(error, TooMany)]
    if untried:
        put_off(untried, isolation.fail(of_place(group), broken[0][1]))
    for run, error in broken:
        if not isinstance(error, TooMany):
            put_off([run], isolation.fail(of_run(group, run), error))
    failed = {run.pk for run, _ in broken}
    note_success((run for run in group.runs if run.pk not in failed), isolation)


def put_off(runs: Iterable[Run], until: datetime) -> None:
    """Those of them that nobody took further meanwhile."""
    late = Run.objects.running().filter(pk__in=[run.pk for run in runs], due_at__lte=Now())
    late.update(due_at=until)


def note_success(runs: Iterable[Run], isolation: Isolation) -> None:
    for run in runs:
        if (run.pk, RUN) in isolation.known:
            isolation.succeed(Subject(run.pk, run.workspace_id, "", part=RUN))


# --- what it is called ---

RUN = "run"


def of_journey(journey: Journey) -> Subject:
    what = f"The journey “{journey}”"
    return Subject(journey.pk, journey.workspace_id, what, journey.get_absolute_url())


def of_place(group: "BlockGroup") -> Subject:
    journey, node = group.version.journey, group.node
    what = f"A step of the journey “{journey}” ({node.type if node else 'its end'})"
    part = f"{group.version.pk}/{group.place}"
    return Subject(journey.pk, journey.workspace_id, what, journey.get_absolute_url(), part)


def of_run(group: "BlockGroup", run: Run) -> Subject:
    journey = group.version.journey
    what = f"A run of the journey “{journey}”"
    link = reverse("journeys:run", args=[journey.pk, run.pk])
    return Subject(run.pk, run.workspace_id, what, link, RUN)
