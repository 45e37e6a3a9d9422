"""Real worker processes on the test database, to be killed, and a witness of every change."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import django_rq
import psutil
import pytest
from django.db import connection

from pipeline.bulk_actions.engine import wakeups
from pipeline.bulk_actions.models import BulkAction, Outcome, locks
from pipeline.candidates.models import Candidate
from tests import nursery
from tests.bulk_actions.conftest import start_move as start_move
from tests.servers import child_environment

SERIALIZER = ("--serializer", "rq.serializers.JSONSerializer")


@dataclass
class Crew:
    """The worker and cron processes of a test. `log` is where they write."""

    log: Path
    running: list[psutil.Process] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)

    def worker(self) -> psutil.Process:
        return self.manage("rqworker", "default", *SERIALIZER, "--with-scheduler")

    def sender(self) -> psutil.Process:
        """A worker for bulk actions that send messages."""
        return self.manage("rqworker", "messages", *SERIALIZER, "--with-scheduler")

    def periodic(self) -> psutil.Process:
        kind = ("--worker-class", "config.worker.PeriodicWorker")
        return self.manage("rqworker", "periodic", *SERIALIZER, *kind)

    def cron(self) -> psutil.Process:
        """What orders the periodic jobs; the worker that does them is started with it."""
        self.periodic()
        return self.manage("rqcron", "config.cron")

    def manage(self, *arguments: str) -> psutil.Process:
        environment = child_environment() | {"BULK_TURN_SECONDS": "2"} | self.environment
        self.running.append(nursery.manage(*arguments, environment=environment, log=self.log))
        return self.running[-1]

    def busy(self) -> list[tuple[psutil.Process, psutil.Process]]:
        """(worker, its horse) for each worker that has a job in hand."""
        workers = [process for process in self.running if alive(process)]
        return [
            (process, child)
            for process in workers
            for child in process.children()
            if is_horse(child)
        ]

    def dismiss(self) -> None:
        everybody = [
            p
            for process in self.running
            if alive(process)
            for p in [process, *process.children(True)]
        ]
        for process in [*everybody, *nursery.orphans()]:
            with suppress(psutil.NoSuchProcess):
                process.kill()


def alive(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:  # it ended in between
        return False


def is_horse(child: psutil.Process) -> bool:
    """A work horse leads a process group of its own; the worker's scheduler doesn't."""
    try:
        return bool(os.getpgid(child.pid) == child.pid)
    except ProcessLookupError:  # it has just ended
        return False


@pytest.fixture
def crew(tmp_path: Path, transactional_db: None) -> Iterator[Crew]:
    django_rq.get_queue("default").connection.flushall()
    crew = Crew(tmp_path / "workers.log")
    yield crew
    crew.dismiss()


def wait_for(what: Callable[..., object], *about: object, seconds: float = 120) -> None:
    """Until `what(*about)` is true. Patience costs nothing where it is not needed."""
    ends = time.monotonic() + seconds
    while not what(*about):
        assert time.monotonic() < ends, "it did not come true in time"
        time.sleep(0.005)


def is_past(action: BulkAction, processed: int) -> bool:
    action.refresh_from_db()
    return action.processed >= processed


def has_ended(action: BulkAction) -> bool:
    action.refresh_from_db()
    return not action.is_active


def no_lane_left() -> bool:
    waiting = sum(django_rq.get_queue(name).count for name in wakeups.QUEUES)
    return not locks.living_lanes() and not waiting


@pytest.fixture
def witness(transactional_db: None) -> Iterator[Callable[[], dict[int, int]]]:
    """How often each candidate's row was really changed, counted by the database itself."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE witness (candidate_id bigint);"
            "CREATE FUNCTION testify() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN INSERT INTO witness VALUES (NEW.id); RETURN NULL; END $$;"
            "CREATE TRIGGER testify AFTER UPDATE ON candidates_candidate FOR EACH ROW"
            " EXECUTE FUNCTION testify()"
        )

    def changes() -> dict[int, int]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT candidate_id, count(*) FROM witness GROUP BY 1")
            return dict(cursor.fetchall())

    yield changes
    with connection.cursor() as cursor:
        cursor.execute(
            "DROP TRIGGER testify ON candidates_candidate; DROP FUNCTION testify();"
            "DROP TABLE witness"
        )


def assert_counts_add_up(action: BulkAction) -> None:
    """What the action says, what its outcomes say and what the candidates are agree."""
    action.refresh_from_db()
    outcomes = Outcome.objects.filter(action=action)
    moved = Candidate.objects.filter(folder=action.options["folder"]).count()
    assert action.changed == outcomes.changed().count() == moved
    assert action.processed == outcomes.count()
    assert action.total == action.processed + action.untouched
