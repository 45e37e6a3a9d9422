"""Whom the fence ends, and whom it leaves alone. tests/faults/test_locks.py has every lock."""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import psycopg
import pytest
from django.db import connection

from pipeline.bulk_actions.models import BulkAction, Status, locks
from pipeline.candidates.models import Opening
from pipeline.foundation import fence
from pipeline.tasks.models import Task
from pipeline.workspaces.models import User
from tests.faults.conftest import wait_for
from tests.faults.silent import Held, holder, in_the_way
from tests.tasks.conftest import campaign as campaign
from tests.tasks.conftest import candidate as candidate
from tests.tasks.conftest import make_task as make_task

pytestmark = pytest.mark.django_db(transaction=True)
LONG = "SELECT pg_sleep(1.5)"


@pytest.fixture
def start_action(make_candidates: Any, opening: Opening, start_move: Any) -> Callable[[], Any]:
    make_candidates(2)
    return lambda: start_move(opening.folders.get(name="Hired"), status=Status.IN_PROGRESS)


def chunk_of(action: BulkAction) -> str:
    return f"SELECT pg_advisory_xact_lock_shared({locks.CHUNKS}, {action.pk})"


def in_thread(threads: ThreadPoolExecutor, act: Callable[[], object]) -> Future[Any]:
    def work() -> object:
        try:
            return act()
        finally:
            connection.close()

    return threads.submit(work)


def waiting() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return int(cursor.fetchone()[0])


def test_who_is_at_work_is_waited_for(make_task: Any, owner: User, agent: User) -> None:
    task: Task = make_task()
    row = f"SELECT FROM tasks_task WHERE id = {task.pk} FOR NO KEY UPDATE"
    with ThreadPoolExecutor(1) as threads, in_the_way(row) as session:
        canceled = in_thread(threads, lambda: task.cancel(owner, "Double."))

        session.execute(LONG)
        session.execute("UPDATE tasks_task SET notes = 'Called twice.'")
        session.commit()

        assert canceled.result()
    task.refresh_from_db()
    assert task.notes == "Called twice."


def test_who_was_silent_long_before_is_not_waited_for_again(
    start_action: Any, recruiter: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fence, "PATIENCE_SECONDS", 2.0)
    action = start_action()
    with suppress(psycopg.errors.AdminShutdown), in_the_way(chunk_of(action)):
        time.sleep(2.1)  # silent for longer than that before anybody waits
        began = time.monotonic()

        assert action.cancel(by=recruiter)

    assert time.monotonic() - began < 2.0


def test_a_lane_at_work_for_longer_than_a_second_does_not_hold_up_a_cancel(
    start_action: Any, recruiter: User
) -> None:
    action = start_action()
    with ThreadPoolExecutor(1) as threads, in_the_way(chunk_of(action)) as session:
        begun = time.monotonic()
        canceled = in_thread(threads, lambda: action.cancel(recruiter))

        with pytest.raises(psycopg.OperationalError):
            session.execute("SELECT pg_sleep(30)")

        assert canceled.result()
        assert time.monotonic() - begun <= 2


def test_of_two_who_cancel_behind_a_frozen_lane_neither_ends_the_other(
    start_action: Any, recruiter: User, owner: User
) -> None:
    action = start_action()
    lane = Held("worker", (chunk_of(action),))
    with holder("frozen", [lane]), ThreadPoolExecutor(2) as threads:
        same = BulkAction.objects.get()
        canceled = [
            in_thread(threads, lambda: action.cancel(recruiter)),
            in_thread(threads, lambda: same.cancel(owner)),
        ]

        assert sorted(one.result() for one in canceled) == [False, True]


def test_who_waits_behind_one_who_waits_has_the_first_of_them_ended(
    make_task: Any, make_candidates: Any, owner: User
) -> None:
    task: Task = make_task()
    frozen = Held("web", (f"SELECT FROM workspaces_user WHERE id = {owner.pk} FOR UPDATE",))
    row = f"SELECT FROM tasks_task WHERE id = {task.pk} FOR UPDATE"
    with (
        holder("frozen", [frozen]),
        ThreadPoolExecutor(2) as threads,
        in_the_way(row) as between,
    ):
        let_in = threads.submit(lambda: between.execute(frozen.statements[0]))
        wait_for(waiting)
        canceled = in_thread(threads, lambda: task.cancel(owner, "Double."))
        let_in.result()
        between.commit()

        assert canceled.result()


def test_cancel_of_all_has_one_patience_for_all_of_them(
    start_action: Any, client_of: Any, recruiter: User
) -> None:
    actions = [start_action() for _ in range(3)]
    client = client_of(recruiter)
    with holder("frozen", [Held("worker", (chunk_of(action),)) for action in actions]):
        begun = time.monotonic()

        client.post("/bulk-actions/cancel-all/", {"action": [one.pk for one in actions]})

        assert time.monotonic() - begun < len(actions)  # a second for each, else
    assert set(BulkAction.objects.values_list("status", flat=True)) == {Status.CANCELED}
