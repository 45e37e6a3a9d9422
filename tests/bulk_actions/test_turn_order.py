"""Which lane a worker takes next, and when it lets another one go on."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from redis import Redis

from pipeline.bulk_actions.engine import lane as engine
from pipeline.bulk_actions.engine import wakeups
from pipeline.bulk_actions.engine.turn_order import Line, Share
from pipeline.bulk_actions.engine.wakeups import Lane
from pipeline.bulk_actions.models import BulkAction, Status, locks
from pipeline.bulk_actions.operations import Operation
from pipeline.bulk_actions.operations.create_application import CreateApplication
from pipeline.bulk_actions.operations.export import Export
from pipeline.bulk_actions.operations.reject import Reject
from pipeline.bulk_actions.operations.send_message import SendMessage
from pipeline.bulk_actions.operations.share_with_reviewer import ShareWithReviewer
from pipeline.candidates.models import Opening
from pipeline.foundation import turns
from pipeline.foundation.turns import Turn

from .conftest import StartMove

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def line() -> Line:
    line = Line("default")
    line.queue.empty()
    return line


@pytest.fixture
def action(make_candidates, opening: Opening, start_move: StartMove, line: Line) -> BulkAction:
    """Of the workspace, in two chunks, with no lane in the queue."""
    make_candidates(4)
    action = start_move(opening.folders.get(name="Hired"))
    line.queue.empty()
    return action


@contextmanager
def at_work(action: BulkAction, number: int = 0) -> Iterator[None]:
    """As if a worker were that lane."""
    with locks.lane(action.pk, number) as is_mine:
        assert is_mine
        yield


def put(line: Line, *waiting: Lane) -> list[Lane]:
    for lane in waiting:
        lane.enqueue(line.name)
    return list(waiting)


def taken(line: Line) -> list[Lane]:
    return list(iter(line.take_next, None))


def test_the_workspace_with_fewer_lanes_at_work_comes_first(action: BulkAction, line: Line) -> None:
    ours, theirs = action.workspace_id, action.workspace_id + 1
    many = [Lane(ours, action.pk, number, is_new=True) for number in range(1, 30)]
    put(line, *many)
    (other,) = put(line, Lane(theirs, action.pk + 1, 0))

    with at_work(action):
        assert line.take_next() == other
        assert taken(line) == many


def test_in_one_workspace_it_is_the_one_that_has_not_begun(line: Line) -> None:
    old, older, new = put(line, Lane(1, 1, 0), Lane(1, 2, 0), Lane(1, 3, 0, is_new=True))

    assert taken(line) == [new, old, older]


def test_who_lets_another_go_first_waits_in_front(action: BulkAction, line: Line) -> None:
    mine = Lane(action.workspace_id, action.pk, 1)
    last, new = put(line, Lane(mine.workspace, 998, 0), Lane(mine.workspace, 999, 0, is_new=True))

    assert line.choose(mine) == new

    assert taken(line) == [mine, last]


def test_a_lane_keeps_its_worker_until_others_wait(action: BulkAction, line: Line) -> None:
    line.share_seconds = 0
    put(line, Lane(action.workspace_id, action.pk, 1))
    share = Share(Turn(60), line, action.pk)
    assert not share.is_over()

    share.looks_at = 0
    put(line, Lane(action.workspace_id, action.pk + 1, 0))

    assert share.is_over()


def test_a_lane_that_waits_already_does_not_queue_up_again(action: BulkAction, line: Line) -> None:
    action.chunks.get().split()
    put(line, Lane(action.workspace_id, action.pk, 0))

    engine.be_lane(action.pk, 0, Turn(0), line)

    assert len(line.waiting()) == 1


@pytest.mark.parametrize(
    ("operation", "queue"),
    [
        (SendMessage({"channel": "email"}), "messages"),
        (Reject({"message": {"channel": "email"}}), "messages"),
        (Reject({"message": None}), "default"),
        (ShareWithReviewer({}), "messages"),
        (Export({}), "exports"),
        (CreateApplication({}), "default"),
    ],
)
def test_what_may_take_long_waits_in_a_queue_of_its_own(operation: Operation, queue: str) -> None:
    assert operation.queue == queue
    assert queue in wakeups.QUEUES


def test_asked_to_stop_a_lane_finishes_its_chunk_and_queues_up_again(
    action: BulkAction, line: Line, monkeypatch
) -> None:
    action.chunks.get().split()  # into two
    monkeypatch.setattr(turns, "_is_stop_requested", True)

    engine.work_on(action.pk, 0)

    action.refresh_from_db()
    assert (action.status, action.processed) == (Status.IN_PROGRESS, 2)
    assert [(lane.action, lane.number) for _, lane in line.waiting()] == [(action.pk, 0)]
    assert locks.living_lanes() == set()


def test_while_redis_is_away_a_lane_goes_on(action: BulkAction, line: Line) -> None:
    line.queue.connection = Redis.from_url("redis://127.0.0.1:1/0")
    mine = Lane(action.workspace_id, action.pk, 0)

    assert line.choose(mine) == mine
    assert line.take_next() is None
    assert not line.others_wait(action.pk)
