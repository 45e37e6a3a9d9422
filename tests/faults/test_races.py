"""Canceled means stopped (promise 1), with real lanes in real worker processes.

20 rounds each, or 10 of 20 threads; ten times as many with `make soak`.
"""

import random
import time
from collections import Counter
from collections.abc import Iterator
from threading import Barrier, Thread

import pytest
from django.db import connection

from pipeline.bulk_actions.models import BulkAction, Outcome, Status
from pipeline.candidates.models import Candidate, Folder, Opening
from pipeline.workspaces.models import User

from .conftest import Crew, assert_counts_add_up, has_ended, no_lane_left, wait_for

pytestmark = pytest.mark.django_db(transaction=True)
LANES = 4
CHUNK = 25


@pytest.fixture
def rounds(request: pytest.FixtureRequest) -> int:
    return 200 if request.config.getoption("--soak") else 20


@pytest.fixture
def four_workers(crew: Crew) -> Crew:
    for _ in range(LANES):
        crew.worker()
    return crew


@pytest.fixture(autouse=True)
def small_chunks(settings) -> None:
    settings.BULK_CHUNK_SIZE = int(CHUNK * LANES**2.5)  # see engine.start.chunk_size
    settings.BULK_LANES = LANES


def there_and_back(opening: Opening, rounds: int) -> Iterator[Folder]:
    """A folder to move everybody to, for each round one in which nobody is yet."""
    folders = [opening.folders.get(name=name) for name in ("Hired", "Rejected")]
    for number in range(rounds):
        Candidate.objects.filter(opening=opening).update(folder=folders[1 - number % 2])
        yield folders[number % 2]


def test_no_candidate_changes_after_the_cancel_is_committed(
    make_candidates, opening: Opening, start_move, four_workers: Crew, recruiter: User, rounds: int
) -> None:
    make_candidates(3000)
    caught_in_the_middle = 0

    for folder in there_and_back(opening, rounds):
        action = start_move(folder, lanes=LANES)
        wait_for(has_started, action)
        time.sleep(random.uniform(0, 0.4))
        canceled = action.cancel(by=recruiter)
        outcomes, moved = Outcome.objects.filter(action=action).count(), there(folder)
        wait_for(no_lane_left)

        assert canceled == (action.status == Status.CANCELED)
        assert Outcome.objects.filter(action=action).count() == outcomes == moved == there(folder)
        assert_counts_add_up(action)
        caught_in_the_middle += canceled and 0 < outcomes < 3000

    assert caught_in_the_middle > rounds / 4, "the rounds tell nothing if cancel is never in time"


def test_a_cancel_that_races_the_last_chunk_leaves_canceled_or_completed_and_no_mixture(
    make_candidates, opening: Opening, start_move, four_workers: Crew, recruiter: User, rounds: int
) -> None:
    make_candidates(CHUNK * 8)
    seen: Counter[str] = Counter()

    for folder in there_and_back(opening, rounds * 10):
        action = start_move(folder, lanes=LANES)
        wait_for(has_started, action)
        wait_for(has_few_chunks_left, action, random.choice([0, 1, 2, 4, 8]))
        canceled = action.cancel(by=recruiter)
        wait_for(has_ended, action)
        wait_for(no_lane_left)

        assert_counts_add_up(action)
        if canceled:
            assert (action.status, action.canceled_by) == (Status.CANCELED, recruiter)
        else:
            assert (action.status, action.canceled_by) == (Status.COMPLETED, None)
            assert action.changed == CHUNK * 8
        seen[action.status] += 1
        if seen.total() >= rounds and len(seen) == 2:  # which of them wins is the machine's choice
            break

    assert set(seen) == {Status.CANCELED, Status.COMPLETED}, "both must have happened"


def test_of_two_users_who_cancel_at_once_one_wins_and_both_are_told_the_same(
    make_candidates, opening: Opening, start_move, recruiter: User, colleague: User, rounds: int
) -> None:
    make_candidates(10)

    for folder in there_and_back(opening, rounds // 2):
        action = start_move(folder)
        wins, told = at_once(action, [recruiter, colleague] * 10)

        assert sorted(wins) == [False] * 19 + [True]
        assert len(told) == 1


def at_once(action: BulkAction, users: list[User]) -> tuple[list[bool], set[tuple[object, ...]]]:
    """What each of the users' cancels returned, and what they read afterwards."""
    wins: list[bool] = []
    told: set[tuple[object, ...]] = set()
    start = Barrier(len(users))

    def cancel(user: User) -> None:
        mine = BulkAction.objects.get(pk=action.pk)
        start.wait()
        wins.append(mine.cancel(by=user))
        told.add((mine.status, mine.canceled_by_id, mine.ended_at))
        connection.close()

    threads = [Thread(target=cancel, args=[user]) for user in users]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return wins, told


def has_started(action: BulkAction) -> bool:
    action.refresh_from_db()
    return action.status != Status.IN_QUEUE


def has_few_chunks_left(action: BulkAction, few: int) -> bool:
    return action.chunks.pending().count() <= few


def there(folder: Folder) -> int:
    return Candidate.objects.filter(folder=folder).count()
