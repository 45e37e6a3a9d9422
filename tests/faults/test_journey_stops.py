"""Bulk actions that start and stop runs against the runner, events and each other: real threads on
real PostgreSQL. Nobody waits in a circle, and nobody is in two places.

3 rounds each, or 200 with `make soak`.
"""

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.db.models import Count

from pipeline.bulk_actions.engine import lane
from pipeline.bulk_actions.engine.start import start_bulk_action
from pipeline.bulk_actions.models import BulkAction
from pipeline.bulk_actions.operations import Operation
from pipeline.bulk_actions.operations.set_attribute import SetAttribute
from pipeline.bulk_actions.operations.start_journey import StartJourney
from pipeline.bulk_actions.operations.stop_runs import StopRuns
from pipeline.bulk_actions.operations.undo import Undo
from pipeline.candidates.models import Candidate, CandidateLabel, CandidateQuerySet, Label
from pipeline.journeys.engine import events, runner
from pipeline.journeys.engine.dispatch import dispatch_events
from pipeline.journeys.engine.runner import advance_some
from pipeline.journeys.lifecycle import archive, pause, resume
from pipeline.journeys.models import Journey, Run, RunState, RunStep
from pipeline.journeys.models.listener import Happening
from pipeline.journeys.writing.enroll import enroll
from pipeline.workspaces.models import User, Workspace
from tests.bulk_actions.conftest import empty_queue as empty_queue
from tests.bulk_actions.operations.test_undo import undo_of
from tests.journeys.conftest import make_journey as make_journey

from .test_journey_races import together

pytestmark = pytest.mark.django_db(transaction=True)
PEOPLE = 30
THREE_DAYS = ("wait", {"kind": "time", "number": 3, "unit": "days"})
ALWAYS = {"rule": "always"}
rounds = pytest.mark.parametrize("rounds", [3, pytest.param(200, marks=pytest.mark.soak)])
Order = Callable[..., BulkAction]


@pytest.fixture(autouse=True)
def small_batches(settings: Any, monkeypatch: Any) -> None:
    """So that many are in hand at the same moment."""
    settings.BULK_CHUNK_SIZE = 7
    monkeypatch.setattr(runner, "BATCH", 11)
    monkeypatch.setattr(events, "BATCH", 13)


@pytest.fixture
def people(make_candidates: Any, workspace: Workspace) -> CandidateQuerySet:
    Workspace.objects.update(start_delay_seconds=0)
    found: CandidateQuerySet = make_candidates(PEOPLE)
    return found


@pytest.fixture
def order(people: CandidateQuerySet, recruiter: User) -> Order:
    """Gives an order over all of them; no lane works on it yet."""

    def order(operation: Operation, **fields: Any) -> BulkAction:
        return start_bulk_action(
            user=User.objects.get(pk=recruiter.pk),
            operation=operation,
            candidates=fields.pop("candidates", people),
            key=uuid4(),
            **fields,
        )[0]

    return order


@pytest.fixture
def writing(make_journey: Any) -> Journey:
    """Ten steps that change the candidate, one after the other, and then a wait."""
    write = ("update_candidate", {"attribute": "City", "value": "Leeds"})
    journey: Journey = make_journey(*[write] * 10, THREE_DAYS, reentry=ALWAYS, name="Writing")
    return journey


def ids_of(people: CandidateQuerySet) -> list[int]:
    """In no order: who locks them has to make one."""
    found = list(people.values_list("pk", flat=True))
    random.shuffle(found)
    return found


def stop(journey: Journey) -> StopRuns:
    return StopRuns({"journey": journey.pk, "journey_name": journey.name, "reason": "Enough"})


def start(journey: Journey) -> StartJourney:
    return StartJourney({"journey": journey.pk, "journey_name": journey.name})


def work_on(action: BulkAction) -> Callable[[], None]:
    """One lane."""
    return lambda: lane.work_on(action.pk, 0)


def later(act: Callable[[], Any], most: float = 0.1) -> Callable[[], Any]:
    """So that now one and now another comes first, or they meet in the middle."""

    def wait_and_act() -> Any:
        time.sleep(random.uniform(0, most))
        return act()

    return wait_and_act


def advance() -> None:
    for _ in range(40):
        advance_some()


def tell_all() -> None:
    while dispatch_events():
        pass


def nobody_was_in_the_way(results: list[Any], *actions: BulkAction) -> None:
    """Of two who wait for each other the database stops one, which is an exception or an attempt
    in vain."""
    assert [one for one in results if isinstance(one, BaseException)] == []
    for action in actions:
        action.refresh_from_db()
        assert action.is_completed
        assert not action.chunks.filter(attempts__gt=0).exists()


def logs_are_whole() -> None:
    """Each run's lines are numbered from one on, and the last of a stopped one says so."""
    counted = Run.objects.annotate(lines=Count("log")).values_list("lines", "steps")
    assert [(lines, steps) for lines, steps in counted if lines != steps] == []
    stopped = Run.objects.filter(state=RunState.STOPPED)
    last = RunStep.objects.filter(run__in=stopped, code__startswith="stopped.")
    assert last.count() == stopped.count()


@rounds
def test_stop_all_against_the_runner(
    rounds: int, order: Order, writing: Journey, people: CandidateQuerySet
):
    steps: Counter[int] = Counter()
    for _ in range(rounds):
        Run.objects.all().delete()
        enroll(writing.version, ids_of(people), "By hand")  # type: ignore[arg-type]
        action = order(stop(writing))

        results = together(later(work_on(action)), advance, advance)

        nobody_was_in_the_way(results, action)
        assert action.changed == PEOPLE
        assert Run.objects.filter(state=RunState.STOPPED).count() == PEOPLE
        logs_are_whole()
        steps.update(Run.objects.values_list("steps", flat=True))

    assert len(steps) > 1, f"the rounds tell nothing if the runner never comes between: {steps}"


@rounds
def test_stop_all_against_the_runner_events_and_another_action(
    rounds: int,
    order: Order,
    make_journey: Any,
    people: CandidateQuerySet,
    workspace: Workspace,
    writing: Journey,
):
    """What was heard of lets the same people enter another journey, and wakes the runs that are
    being stopped; and all of them are changed by one more action."""
    label = Label.objects.create(workspace=workspace, name="Converted")
    named = {"label": label.pk, "label_name": label.name}
    heard = ("wait", {"kind": "event", "event": "label", **named})
    waiting = make_journey(heard, heard, reentry=ALWAYS, name="Waiting")
    entered = make_journey(heard, trigger=("label", named), reentry=ALWAYS, name="Entered")
    for _ in range(rounds):
        CandidateLabel.objects.all().delete()
        Run.objects.all().delete()
        Happening.objects.all().delete()
        enroll(waiting.version, ids_of(people), "By hand")
        while advance_some():
            pass
        ids = ids_of(people)
        CandidateLabel.objects.bulk_create(
            CandidateLabel(label=label, candidate_id=pk) for pk in ids
        )
        action = order(stop(waiting))
        other = order(SetAttribute({"attribute": "City", "value": str(random.random())}))

        results = together(later(work_on(action)), work_on(other), later(tell_all), advance)

        nobody_was_in_the_way(results, action, other)
        assert not Run.objects.running().filter(journey=waiting).exists()
        assert Run.objects.filter(journey=entered).count() == PEOPLE
        logs_are_whole()


@rounds
def test_start_stop_and_undo_at_once(
    rounds: int,
    order: Order,
    people: CandidateQuerySet,
    writing: Journey,
    recruiter: User,
):
    """Nobody is twice in it, and each who was started is in it or was stopped, once."""
    for _ in range(rounds):
        Run.objects.all().delete()
        first = order(start(writing))
        lane.work_on(first.pk, 0)
        undo = order(**undo_of(first, recruiter))
        second, stopping = order(start(writing)), order(stop(writing))

        results = together(work_on(undo), later(work_on(second)), later(work_on(stopping)), advance)

        nobody_was_in_the_way(results, first, undo, second, stopping)
        assert undo.operation == Undo.key
        assert Run.objects.count() == first.changed + second.changed
        assert undo.changed + undo.failed == first.changed == PEOPLE
        stopped = Run.objects.filter(state=RunState.STOPPED).count()
        assert stopped == undo.changed + stopping.changed
        running = Run.objects.running()
        assert running.count() == running.values("candidate").distinct().count()
        assert running.count() == Run.objects.count() - stopped
        logs_are_whole()


@rounds
def test_start_against_events_that_let_enter_several(
    rounds: int, order: Order, make_journey: Any, people: CandidateQuerySet, workspace: Workspace
):
    """Events enroll in both journeys in one transaction; two orders by hand in one each."""
    label = Label.objects.create(workspace=workspace, name="Converted")
    trigger = ("label", {"label": label.pk, "label_name": label.name})
    one = make_journey(THREE_DAYS, trigger=trigger, name="One")
    two = make_journey(THREE_DAYS, trigger=trigger, name="Two")
    ways: Counter[bool] = Counter()
    for _ in range(rounds):
        CandidateLabel.objects.all().delete()
        Run.objects.all().delete()
        Happening.objects.all().delete()
        CandidateLabel.objects.bulk_create(
            CandidateLabel(label=label, candidate_id=pk) for pk in ids_of(people)
        )
        first, second = order(start(one)), order(start(two))

        results = together(work_on(first), work_on(second), later(tell_all), advance)

        assert [one for one in results if isinstance(one, BaseException)] == []
        for action in (first, second):
            action.refresh_from_db()
            assert action.processed == PEOPLE
            assert not action.chunks.filter(attempts__gt=0).exists()
        for journey in (one, two):
            assert Run.objects.running().filter(journey=journey).count() == PEOPLE
        assert Run.objects.count() == 2 * PEOPLE
        by_hand = Run.objects.filter(entered_by__startswith="Started by hand").count()
        assert by_hand == first.changed + second.changed
        ways.update(entered.startswith("Started") for entered in entered_by())

    assert len(ways) == 2, f"the rounds tell nothing if one of them always wins: {ways}"


def entered_by() -> Iterator[str]:
    yield from Run.objects.values_list("entered_by", flat=True)


@rounds
@pytest.mark.parametrize("how", [pause, archive])
def test_start_against_a_pause_and_the_archive(
    rounds: int,
    how: Callable[[Journey, User], bool],
    order: Order,
    make_journey: Any,
    people: CandidateQuerySet,
    owner: User,
):
    """From then on nobody enters, and in an archived journey nobody is left."""
    for number in range(rounds):
        Run.objects.all().delete()
        journey = make_journey(THREE_DAYS, name=f"Journey {number}")
        action = order(start(journey))

        def end(journey: Journey = journey) -> int:
            assert how(journey, owner)
            return Run.objects.count()

        entered, *results = together(later(end), work_on(action), advance)

        assert isinstance(entered, int), entered
        assert [one for one in results if isinstance(one, BaseException)] == []
        action.refresh_from_db()
        assert Run.objects.count() == action.changed == entered
        assert action.failed == PEOPLE - entered
        if how is archive:
            assert not Run.objects.running().exists()
        else:
            assert resume(journey, owner)
        assert Candidate.objects.count() == PEOPLE
