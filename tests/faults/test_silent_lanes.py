"""A lane that is frozen or whose machine is gone holds up nobody (promise 9).

3 rounds each; 100 with `make soak`.
"""

import statistics
import time

import django_rq
import pytest
from django.db import connection
from rq import Worker

from pipeline.bulk_actions.engine import wakeups
from pipeline.bulk_actions.models import BulkAction, Outcome, Status
from pipeline.bulk_actions.signals import bulk_action_changed
from pipeline.candidates.models import Candidate, Opening
from pipeline.workspaces.models import User
from tests.bulk_actions.conftest import lanes as lanes_of

from .conftest import Crew, assert_counts_add_up, has_ended, is_past, wait_for
from .silent import FAULTS, Fault, Silent, in_the_way, lane_process

pytestmark = pytest.mark.django_db(transaction=True)
PEOPLE, CHUNK = 60, 20


@pytest.fixture
def rounds(request: pytest.FixtureRequest) -> int:
    return 100 if request.config.getoption("--soak") else 3


@pytest.fixture(autouse=True)
def small_chunks(settings) -> None:
    settings.BULK_CHUNK_SIZE = CHUNK


def one_of_chunk(action: BulkAction, number: int) -> str:
    """The statement that keeps a lane from committing this chunk."""
    pk = action.chunks.get(number=number).candidate_ids[0]
    return f"SELECT FROM candidates_candidate WHERE id = {pk} FOR UPDATE"


def fall_silent_in_the_second_chunk(lane: Silent, action: BulkAction) -> None:
    """It has changed its candidates, and has not committed."""
    with in_the_way(one_of_chunk(action, 1)):
        lane.write(f"{action.pk} 0")
        wait_for(is_waiting_for_a_row)
        lane.fall_silent()
    wait_for(is_idle_in_transaction)


def is_waiting_for_a_row() -> bool:
    return bool(count("wait_event_type = 'Lock'"))


def is_idle_in_transaction() -> bool:
    return bool(count("state = 'idle in transaction'"))


def count(condition: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            f" AND application_name = 'belay worker' AND {condition}"
        )
        return int(cursor.fetchone()[0])


@pytest.mark.parametrize("fault", FAULTS)
def test_cancel_is_not_held_up_and_nothing_changes_after_it(
    make_candidates, opening: Opening, start_move, recruiter: User, fault: Fault, rounds: int
) -> None:
    make_candidates(PEOPLE)
    folders = [opening.folders.get(name=name) for name in ("Hired", "Rejected")]
    seconds = []

    for number in range(rounds):
        folder = folders[number % 2]
        Candidate.objects.update(folder=folders[1 - number % 2])
        action = start_move(folder)
        with lane_process(fault) as lane:
            fall_silent_in_the_second_chunk(lane, action)
            begun = time.monotonic()
            assert action.cancel(by=recruiter)
            seconds.append(time.monotonic() - begun)
            if fault == "frozen":
                lane.go_on()
                assert "failed" in lane.read()

        assert Outcome.objects.filter(action=action).count() == CHUNK
        assert Candidate.objects.filter(folder=folder).count() == CHUNK
        assert (action.status, action.changed) == (Status.CANCELED, CHUNK)
        assert_counts_add_up(action)

    print(f"{fault}: p50 {statistics.median(seconds):.3f} s, worst {max(seconds):.3f} s")
    assert max(seconds) <= 2


def workers_of(queue: str) -> int:
    return len(Worker.all(queue=django_rq.get_queue(queue)))


def test_another_lane_goes_on_within_10_seconds(
    make_candidates, opening: Opening, start_move, crew: Crew
) -> None:
    make_candidates(PEOPLE)
    action = start_move(opening.folders.get(name="Hired"))
    with in_the_way(one_of_chunk(action, 1)):
        wakeups.wake(action)
        crew.worker()
        wait_for(is_waiting_for_a_row)
        [(_, horse)] = crew.busy()
        crew.worker()
        crew.cron()
        wait_for(workers_of, "periodic")
        wait_for(lambda: workers_of("default") == 2)
        horse.suspend()
    begun = time.monotonic()

    wait_for(is_past, action, CHUNK + 1)
    seconds = time.monotonic() - begun
    wait_for(has_ended, action)
    horse.resume()
    wait_for(lambda: not horse.is_running() or horse.status() == "zombie")

    print(f"another lane after {seconds:.1f} s")
    assert seconds <= 10
    assert (action.status, action.changed) == (Status.COMPLETED, PEOPLE)
    assert_counts_add_up(action)


def test_in_progress_is_pushed_before_the_first_chunk_is_done(
    make_candidates, opening: Opening, start_move
) -> None:
    make_candidates(PEOPLE)
    action = start_move(opening.folders.get(name="Hired"))
    told = []

    def hear(action_id: int, status_changed: bool, **_: object) -> None:
        told.append((status_changed, BulkAction.objects.get(pk=action_id)))

    bulk_action_changed.connect(hear)
    try:
        with in_the_way(one_of_chunk(action, 0)) as session, lanes_of(action, 1):
            try:
                wait_for(lambda: told, seconds=5)
            finally:
                session.rollback()  # or the lane would never end
    finally:
        bulk_action_changed.disconnect(hear)

    is_status, as_told = told[0]
    assert (is_status, as_told.status, as_told.processed) == (True, Status.IN_PROGRESS, 0)
