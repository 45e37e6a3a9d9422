"""Nothing is lost and nothing is done twice, whatever dies in the middle (promises 2 and 3)."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import django_rq
import psutil
import pytest
from django.db import connection
from django.utils import timezone

from pipeline.bulk_actions.engine import wakeups
from pipeline.bulk_actions.engine.reconcile import MAX_STALLS, reconcile
from pipeline.bulk_actions.models import BulkAction, Status
from pipeline.candidates.models import Candidate, Opening
from tests import servers
from tests.bulk_actions.conftest import StartMove

from .conftest import Crew, assert_counts_add_up, has_ended, is_past, wait_for

pytestmark = pytest.mark.django_db(transaction=True)
Witness = Callable[[], dict[int, int]]
PEOPLE = 6_000


@pytest.fixture
def action(make_candidates, opening: Opening, start_move: StartMove, settings) -> BulkAction:
    """In 300 chunks: some seconds of work."""
    settings.BULK_CHUNK_SIZE = 20
    make_candidates(PEOPLE)
    return start_move(opening.folders.get(name="Hired"))


@pytest.fixture
def crew_at_work(crew: Crew, action: BulkAction) -> Crew:
    """Two workers and the cron, with the action in the middle."""
    crew.worker()
    crew.worker()
    crew.cron()
    wait_for(is_past, action, 500)
    return crew


def assert_it_completes_with_everybody_exactly_once(action: BulkAction, witness: Witness) -> None:
    wait_for(has_ended, action)
    assert (action.status, action.changed) == (Status.COMPLETED, PEOPLE)
    assert_counts_add_up(action)
    ids = Candidate.objects.values_list("pk", flat=True)
    assert witness() == dict.fromkeys(ids, 1)


@pytest.fixture(autouse=True)
def witnessed(witness: Witness) -> None:
    """The witness must be there before the first change."""


def test_the_horse_is_killed(crew_at_work: Crew, action: BulkAction, witness: Witness) -> None:
    for _, horse in one_at_work(crew_at_work):
        with suppress(psutil.NoSuchProcess):  # a short job's horse goes by itself
            horse.kill()

    assert_it_completes_with_everybody_exactly_once(action, witness)


def test_the_worker_alone_is_killed(
    crew_at_work: Crew, action: BulkAction, witness: Witness
) -> None:
    for worker, _ in one_at_work(crew_at_work):
        worker.kill()
        crew_at_work.worker()

    assert_it_completes_with_everybody_exactly_once(action, witness)


def test_the_whole_group_is_killed(
    crew_at_work: Crew, action: BulkAction, witness: Witness
) -> None:
    for worker, _ in one_at_work(crew_at_work):
        for process in (worker, *worker.children()):  # the horse is one of them
            with suppress(psutil.NoSuchProcess):
                process.kill()
        crew_at_work.worker()  # the other one may have been at work too, and be dead as well

    assert_it_completes_with_everybody_exactly_once(action, witness)


def test_redis_forgets_everything(crew_at_work: Crew, action: BulkAction, witness: Witness) -> None:
    django_rq.get_connection("default").flushall()

    assert_it_completes_with_everybody_exactly_once(action, witness)


def test_redis_restarts(crew_at_work: Crew, action: BulkAction, witness: Witness) -> None:
    assert servers.redis
    servers.redis.restart()

    assert_it_completes_with_everybody_exactly_once(action, witness)


def test_postgresql_restarts_at_once(
    crew_at_work: Crew, action: BulkAction, witness: Witness
) -> None:
    assert servers.postgres
    connection.close()
    servers.postgres.restart("immediate")

    assert_it_completes_with_everybody_exactly_once(action, witness)


def test_the_same_job_comes_twice_and_in_two_processes_at_once(
    crew: Crew, action: BulkAction, witness: Witness
) -> None:
    for _ in range(3):
        wakeups.send(action, 0)
    wakeups.send(action, 1)
    for _ in range(4):
        crew.worker()

    assert_it_completes_with_everybody_exactly_once(action, witness)


def test_a_job_that_kills_its_worker_each_time_ends_as_failed(action: BulkAction, settings) -> None:
    """Reconcile sends new lanes, but not for ever."""
    BulkAction.objects.update(starts_at=timezone.now() - timedelta(minutes=1))
    queue = django_rq.get_queue("default")

    for _ in range(MAX_STALLS + 1):
        queue.empty()  # each lane dies before its first chunk
        reconcile()

    action.refresh_from_db()
    assert (action.status, action.untouched) == (Status.FAILED, PEOPLE)
    assert "without progress" in action.failure


def one_at_work(crew: Crew) -> list[tuple[psutil.Process, psutil.Process]]:
    """The workers that have a job in hand, with their horses, once there is one."""
    wait_for(crew.busy)
    return crew.busy()
