"""Two faults at once, which cost a cancel no more than what was promised for one (promise 9)."""

import time

import psutil
import pytest

from notifications import live
from pipeline.bulk_actions.models import BulkAction, Outcome
from pipeline.candidates.models import Opening
from pipeline.workspaces.models import User
from tests import servers

from .silent import lane_process
from .test_silent_lanes import CHUNK, PEOPLE, fall_silent_in_the_second_chunk
from .test_silent_lanes import small_chunks as small_chunks

pytestmark = pytest.mark.django_db(transaction=True)


def test_cancel_with_a_frozen_lane_while_redis_hangs(
    make_candidates, opening: Opening, start_move, recruiter: User, monkeypatch
) -> None:
    make_candidates(PEOPLE)
    action: BulkAction = start_move(opening.folders.get(name="Hired"))
    monkeypatch.setattr(live, "paused_until", 0.0)  # as long as no push has failed
    assert servers.redis
    assert servers.redis.process
    redis = psutil.Process(servers.redis.process.pid)

    with lane_process("frozen") as lane:
        fall_silent_in_the_second_chunk(lane, action)
        redis.suspend()
        try:
            begun = time.monotonic()
            assert action.cancel(by=recruiter)
            seconds = time.monotonic() - begun
        finally:
            redis.resume()

    assert seconds < 2
    assert Outcome.objects.filter(action=action).count() == CHUNK
