"""Tasks that nobody accepts for as long as the workspace allows are canceled; no others are."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import django_rq
import pytest
from django.db import connection, transaction
from django.utils import timezone
from rq.timeouts import JobTimeoutException

from pipeline.candidates.models import Candidate
from pipeline.foundation import database_clock
from pipeline.tasks import timeouts
from pipeline.tasks.create import create_task
from pipeline.tasks.models import Task
from pipeline.tasks.models.actors import CancelSource, Creator
from pipeline.tasks.models.rules import TaskRules
from pipeline.tasks.models.states import State
from pipeline.tasks.models.types import TIMED, TaskType
from pipeline.tasks.signals import task_changed
from pipeline.tasks.timeouts import cancel_overdue, cancel_overdue_of, count_overdue
from pipeline.workspaces.models import User, Workspace
from pipeline.workspaces.models.setback import Setback
from tests.tasks.conftest import MakeTask

NOON = datetime.fromisoformat("2026-11-20T12:00:00+00:00")
SECOND = timedelta(seconds=1)
Wait = Callable[..., Task]


@pytest.fixture(autouse=True)
def it_is_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_clock, "now", lambda: NOON)


@pytest.fixture
def waiting_for(make_task: MakeTask, no_limit: None) -> Wait:
    """`waiting_for(days, type, due=days ago)`: a task that has been in the queue so long."""

    def make(
        days: float,
        type: TaskType = TaskType.OUTBOUND_CALL,
        due: float | None = None,
        less: timedelta = timedelta(),
    ) -> Task:
        due_at = NOON - timedelta(days=due) if due is not None else None
        task = make_task(type, due_at=due_at)
        Task.objects.filter(pk=task.pk).update(queued_at=NOON - timedelta(days=days) + less)
        return task

    return make


def states(*tasks: Task) -> list[str]:
    for task in tasks:
        task.refresh_from_db()
    return [task.state for task in tasks]


def test_after_fourteen_days_where_nothing_is_set(waiting_for: Wait):
    old, exactly, younger = waiting_for(15), waiting_for(14), waiting_for(14, less=SECOND)

    cancel_overdue()

    assert states(old, exactly, younger) == [State.CANCELED, State.CANCELED, State.IN_QUEUE]
    assert (old.cancel_source, old.cancel_reason_text) == (
        CancelSource.TIMEOUT,
        "No agent accepted it for 14 days.",
    )
    assert (old.canceled_by_text, old.canceled_by_id) == ("Belay", None)
    assert old.ended_at is not None


def test_after_the_workspace_s_own_number_of_days(waiting_for: Wait, no_limit: None):
    TaskRules.objects.update(cancel_after_days=1)
    old, younger = waiting_for(1), waiting_for(1, less=SECOND)

    cancel_overdue()

    assert states(old, younger) == [State.CANCELED, State.IN_QUEUE]
    assert old.cancel_reason_text == "No agent accepted it for 1 day."


@pytest.mark.parametrize("type", TIMED)
def test_what_has_a_time_counts_from_when_it_is_due(type: TaskType, waiting_for: Wait):
    forgotten = waiting_for(60, type, due=14)
    overdue = waiting_for(60, type, due=13.9)
    later = waiting_for(60, type, due=-30)

    cancel_overdue()

    assert states(forgotten, overdue, later) == [State.CANCELED, State.IN_QUEUE, State.IN_QUEUE]


def test_a_wish_by_when_makes_no_difference_to_others(waiting_for: Wait):
    old = waiting_for(14, TaskType.OUTBOUND_CALL, due=-30)

    cancel_overdue()

    assert states(old) == [State.CANCELED]


@pytest.mark.parametrize("type", [TaskType.OUTBOUND_CALL, TaskType.SCHEDULED_CALLBACK])
def test_a_released_task_counts_from_its_release(
    type: TaskType, waiting_for: Wait, agent: User, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.undo()  # the database's clock says when it was released
    task = waiting_for(60, type, due=60)
    task.accept(agent)
    task.release(agent)

    cancel_overdue()
    assert states(task) == [State.IN_QUEUE]
    Task.objects.filter(pk=task.pk).update(queued_at=timezone.now() - timedelta(days=14))
    cancel_overdue()

    assert states(task) == [State.CANCELED]


def test_what_an_agent_has_or_is_over_stays_as_it_is(waiting_for: Wait, agent: User):
    assigned, completed = waiting_for(60), waiting_for(60)
    assigned.accept(agent)
    completed.accept(agent)
    completed.complete(agent, "reached")
    before = list(Task.objects.order_by("pk").values())

    cancel_overdue()

    assert list(Task.objects.order_by("pk").values()) == before


def test_other_workspaces_go_by_their_own_number(
    waiting_for: Wait, stranger: User, workspace: Workspace
):
    theirs = other_s(stranger)
    TaskRules.objects.create(workspace=stranger.membership.workspace, cancel_after_days=90)
    mine = waiting_for(60)

    assert cancel_overdue_of(workspace.pk) == 1

    assert states(mine, theirs) == [State.CANCELED, State.IN_QUEUE]
    cancel_overdue()
    assert states(theirs) == [State.IN_QUEUE]
    TaskRules.objects.filter(workspace=stranger.membership.workspace).update(cancel_after_days=60)
    cancel_overdue()
    assert states(theirs) == [State.CANCELED]


def other_s(stranger: User) -> Task:
    candidate = Candidate.objects.filter(workspace=stranger.membership.workspace)[0]
    task = create_task(candidate, TaskType.INBOUND_CALL, Creator.event("Phone system"))
    Task.objects.filter(pk=task.pk).update(queued_at=NOON - timedelta(days=60))
    return task


def test_one_workspace_s_trouble_is_not_the_others(
    waiting_for: Wait, stranger: User, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
):
    waiting_for(60)
    theirs = other_s(stranger)
    real = timeouts.cancel_overdue_of
    error: Exception = RuntimeError("its rows are broken")

    def troubled(pk: int, *rest: Any) -> int:
        if pk == workspace.pk:
            raise error
        return real(pk, *rest)

    monkeypatch.setattr(timeouts, "cancel_overdue_of", troubled)

    cancel_overdue()

    assert states(theirs) == [State.CANCELED]
    error = JobTimeoutException("the worker stops this job")
    Setback.objects.all().delete()
    with pytest.raises(JobTimeoutException):
        cancel_overdue()


def test_thousands_go_in_batches_each_told_of(
    waiting_for: Wait, workspace: Workspace, django_capture_on_commit_callbacks: Any
):
    many(waiting_for(60), 2499)
    told: list[tuple[str, int, int]] = []

    def hear(verb: str, workspace_id: int, task_ids: list[int], **_: Any) -> None:
        told.append((verb, workspace_id, len(task_ids)))

    task_changed.connect(hear)
    with django_capture_on_commit_callbacks(execute=True):
        assert count_overdue(workspace.pk, 14, 10_000) == 2500
        assert count_overdue(workspace.pk, 14, 10) == 10
        batches = [cancel_overdue_of(workspace.pk) for _ in range(3)]
    task_changed.disconnect(hear)

    assert not Task.objects.waiting().exists()
    assert batches == [1000, 1000, 500]
    assert told == [("cancel", workspace.pk, number) for number in batches]
    assert cancel_overdue_of(workspace.pk) == 0


@pytest.mark.django_db(transaction=True)
def test_what_does_not_fit_into_a_turn_waits_behind_the_other_periodic_jobs(
    waiting_for: Wait, monkeypatch: pytest.MonkeyPatch
):
    queue = django_rq.get_queue("periodic")
    queue.empty()
    task = waiting_for(60)
    monkeypatch.setattr(timeouts, "TURN_SECONDS", 0)

    cancel_overdue()

    assert states(task) == [State.IN_QUEUE]
    assert [job.func for job in queue.jobs] == [cancel_overdue]
    queue.empty()


def many(task: Task, number: int) -> None:
    """So many more like `task`."""
    fields = [field for field in Task._meta.concrete_fields if not field.primary_key]
    columns = ", ".join(str(field.column) for field in fields)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO tasks_task ({columns}) SELECT {columns} FROM tasks_task,"
            " generate_series(1, %s) WHERE id = %s",
            [number, task.pk],
        )


@pytest.mark.slow
@pytest.mark.parametrize("share_overdue", [0, 3, 100])
def test_a_hundred_thousand_waiting_tasks_are_not_read_through(
    share_overdue: int, waiting_for: Wait, workspace: Workspace
):
    old, young = waiting_for(60), waiting_for(1)
    many(old, 1000 * share_overdue)
    many(young, 1000 * (100 - share_overdue))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE tasks_task")

    plan = timeouts.overdue(workspace.pk, 14, timeouts.BATCH).explain(analyze=True)

    assert "task_waiting_since" in plan
    assert "Seq Scan" not in plan
    assert "Rows Removed by Filter" not in plan


@pytest.mark.django_db(transaction=True)
def test_an_accept_meanwhile_wins(waiting_for: Wait, agent: User, workspace: Workspace):
    """The timeout has found the task, and waits for the row that the agent is accepting."""
    task, other = waiting_for(60), waiting_for(61)
    canceled: list[int] = []

    def time_out() -> None:
        canceled.append(cancel_overdue_of(workspace.pk))
        connection.close()

    job = threading.Thread(target=time_out)
    with transaction.atomic():
        task.accept(agent)
        job.start()
        wait_until_somebody_waits_for_a_lock()
    job.join()

    assert canceled == [1]
    assert states(task, other) == [State.ASSIGNED, State.CANCELED]
    assert (task.agent, task.cancel_source) == (agent, "")


def wait_until_somebody_waits_for_a_lock() -> None:
    done = threading.Event()
    with connection.cursor() as cursor:
        for _ in range(1000):
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
            done.wait(0.01)
    raise AssertionError("the timeout never came to the task")
