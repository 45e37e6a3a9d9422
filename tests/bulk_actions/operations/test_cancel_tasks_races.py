"""A bulk cancel against agents who accept: one of them wins, and is told so."""

from collections import Counter
from threading import Barrier

import pytest

from pipeline.candidates.models import Candidate
from pipeline.tasks.models import Task
from pipeline.tasks.models.actors import Origin
from pipeline.tasks.models.types import TaskType

from .task_cancels import CALLS, cancel, wait
from .task_orders import told as told
from .task_orders import told_once, waited_for_by, worked_on


@pytest.mark.django_db(transaction=True)
def test_a_task_that_is_accepted_while_it_waits_for_it_stays_and_is_not_counted(
    make_candidates, order, workspace, agent
):
    """Whatever is changed of a task that stays in the queue does not save it."""
    first, second = make_candidates(2)
    (accepted,), (noted,) = wait(first), wait(second)
    action = order(cancel(workspace), run=False)
    with waited_for_by(action):
        accepted.accept(agent)
        Task.objects.filter(pk=noted.pk).update(notes="Call before noon")

    action.refresh_from_db()
    accepted.refresh_from_db()
    noted.refresh_from_db()
    assert (accepted.is_assigned, noted.is_canceled) == (True, True)
    assert (action.changed, action.unchanged) == (1, 1)
    assert action.outcomes.get(candidate_id=first.pk).before == {}


@pytest.mark.django_db(transaction=True)
def test_a_task_that_is_released_while_it_waits_for_it_is_canceled(
    make_candidates, order, workspace, agent
):
    (task,) = wait(make_candidates(1).get())
    task.accept(agent)
    action = order(cancel(workspace), run=False)
    with waited_for_by(action):
        task.release(agent)

    task.refresh_from_db()
    assert task.is_canceled
    assert action.outcomes.get().before == {"tasks": [[task.pk, "outbound_call"]]}


EACH = 24


def wait_all(people: list[Candidate], *types: TaskType) -> list[Task]:
    """As `wait`, for many and at once."""
    return Task.objects.bulk_create(
        Task(
            workspace_id=one.workspace_id,
            candidate=one,
            opening_id=one.opening_id,
            type=type,
            origin=Origin.JOURNEY,
        )
        for one in people
        for type in types
    )


@pytest.mark.slow
@pytest.mark.parametrize("rounds", [8, pytest.param(100, marks=pytest.mark.soak)])
@pytest.mark.django_db(transaction=True)
def test_accept_against_a_running_cancel_one_wins_and_the_outcomes_say_which(
    make_candidates, order, workspace, agent, told, settings, rounds
):
    """Two tasks for each candidate; an agent accepts one after the other while chunks go by."""
    settings.BULK_CHUNK_SIZE = 6
    people = list(make_candidates(EACH).order_by("pk"))
    wins: Counter[str] = Counter()
    for number in range(rounds):
        tasks = wait_all(people, *CALLS, TaskType.VOICEMAIL)
        action = order(cancel(workspace), run=False)
        ready = Barrier(2)
        told.clear()
        lane = worked_on(action, ready)
        ready.wait()
        if number % 2:
            tasks.reverse()
        accepted = {task.pk for task in tasks if task.accept(agent)}
        lane.join()

        action.refresh_from_db()
        befores = action.outcomes.changed().values_list("before__tasks", flat=True)
        canceled = {pk for before in befores for pk, _ in before}
        by_action = Task.objects.filter(canceled_by_bulk_action_id=action.pk)
        assert action.status == "completed"
        assert accepted | canceled == {task.pk for task in tasks}
        assert not accepted & canceled
        assert set(by_action.values_list("pk", flat=True)) == canceled
        assert set(told_once(told, "cancel")) == canceled
        assert set(told_once(told, "accept")) == accepted
        assert action.changed + action.unchanged == action.total == EACH
        wins.update(accepted=len(accepted), canceled=len(canceled))
        Task.objects.all().delete()

    assert wins["accepted"]
    assert wins["canceled"]
