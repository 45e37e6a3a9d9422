"""How long a record that fails is put off, and how the broken ones among many rows are found."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.db.models.functions import Now
from rq.timeouts import JobTimeoutException

from pipeline.foundation import database_clock
from pipeline.foundation.parts import TooMany, work_in_parts
from pipeline.workspaces.models import Workspace
from pipeline.workspaces.models.setback import Setback
from pipeline.workspaces.setbacks import isolation
from pipeline.workspaces.setbacks.isolation import Isolation, Subject

LOOP = "a_loop"


@pytest.fixture(autouse=True)
def no_log(monkeypatch: pytest.MonkeyPatch) -> None:
    """pytest-xdist can't pass on what is not UTF-8."""
    monkeypatch.setattr(isolation.log, "disabled", True)


def fails() -> None:
    raise ValueError("a \0 in it, and \ud800")


def subject_of(workspace: Workspace) -> Subject:
    return Subject(7, workspace.pk, "The work", "/journeys/")


def test_the_delay_grows_to_an_hour_and_outlives_the_process(workspace: Workspace):
    delays = []
    for _ in range(9):
        Isolation(LOOP).attempt(subject_of(workspace), fails)
        delays.append(Setback.objects.get().retry_at - database_clock.now())
        Setback.objects.update(retry_at=Now() - timedelta(seconds=1))

    seconds = [round(delay.total_seconds()) for delay in delays]
    assert seconds == [5, 15, 45, 135, 405, 1215, 3600, 3600, 3600]


def test_it_is_not_tried_before_its_time_and_gone_once_it_works(workspace: Workspace):
    tried: list[int] = []
    Isolation(LOOP).attempt(subject_of(workspace), fails)

    Isolation(LOOP).attempt(subject_of(workspace), lambda: tried.append(1))
    assert not tried
    Setback.objects.update(retry_at=Now() - timedelta(seconds=1))
    Isolation(LOOP).attempt(subject_of(workspace), lambda: tried.append(2))

    assert tried == [2]
    assert not Setback.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_what_uses_up_the_job_s_time_does_so_once(workspace: Workspace):
    def hangs() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            raise JobTimeoutException("the worker stops this job")

    with pytest.raises(JobTimeoutException):
        Isolation(LOOP).attempt(subject_of(workspace), hangs)

    assert Isolation(LOOP).attempt(subject_of(workspace), hangs) is None


@pytest.mark.django_db(transaction=True)
def test_a_session_that_was_ended_for_one_record_is_replaced(workspace: Workspace):
    def is_ended() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    isolation = Isolation(LOOP)
    isolation.attempt(subject_of(workspace), is_ended)

    assert isolation.attempt(Subject(8, workspace.pk, "Another"), lambda: "done") == "done"
    assert Setback.objects.get().record == 7


def test_only_the_broken_rows_are_left_out(workspace: Workspace):
    done: list[int] = []

    def work(rows: Sequence[int]) -> None:
        for row in rows:
            if row in (3, 77):
                raise ValueError(row)
        done.extend(rows)

    broken = work_in_parts(range(100), work)

    assert [row for row, _ in broken] == [3, 77]
    assert done == [row for row in range(100) if row not in (3, 77)]


def test_where_all_are_broken_few_are_tried(workspace: Workspace):
    calls: list[int] = []

    def work(rows: Sequence[int]) -> None:
        calls.append(len(rows))
        raise ValueError

    broken = work_in_parts(range(5000), work)

    assert len(broken) == 5000
    assert len(calls) < 50
    assert sum(isinstance(error, TooMany) for _, error in broken) == 5000 - 8
