"""Lanes are RQ jobs: wake-up calls that may get lost, come twice or come late, and do no harm.

Those that write to candidates wait in a queue of their own: however slow a mail server or a
sending rate is, no other action waits behind it. So do exports, whose last step may take minutes.
"""

import logging
from typing import NamedTuple, Self
from uuid import uuid4

from redis.exceptions import RedisError
from rq import Queue

from pipeline.bulk_actions.models import BulkAction, locks
from pipeline.bulk_actions.operations import operation_of
from pipeline.foundation import database_clock, rq_clock
from pipeline.foundation.queues import queue_of

log = logging.getLogger(__name__)
QUEUES = ("default", "messages", "exports")
JOB = "pipeline.bulk_actions.engine.lane.work_on"
OPTIONS = {"result_ttl": 0, "failure_ttl": 3600}  # a failed one has been replaced long before


class Lane(NamedTuple):
    """A lane that wants to work; a queued job says in its id which one it is."""

    workspace: int
    action: int
    number: int
    is_new: bool = False  # has not had a turn yet

    @classmethod
    def of(cls, job_id: str) -> Self | None:
        """None for the id of another kind of job."""
        kind, *rest = job_id.split("-")
        if kind != "lane" or len(rest) != 5:
            return None
        workspace, action, number, age, _ = rest
        return cls(int(workspace), int(action), int(number), age == "new")

    def new_job_id(self) -> str:
        age = "new" if self.is_new else "old"
        return f"lane-{self.workspace}-{self.action}-{self.number}-{age}-{uuid4().hex[:8]}"

    def enqueue(self, queue: str, *, at_front: bool = False) -> None:
        """Raises RedisError."""
        queue_of(queue).enqueue(
            JOB, self.action, self.number, job_id=self.new_job_id(), at_front=at_front, **OPTIONS
        )


def wake(action: BulkAction) -> None:
    """Send for every lane of the action, to come once the start delay is over."""
    for number in range(action.lanes):
        send(action, number, is_new=True)


def send(action: BulkAction, number: int, *, is_new: bool = False) -> bool:
    """Queue one lane. False when Redis can't be reached: reconcile will send it again."""
    lane = Lane(action.workspace_id, action.pk, number, is_new)
    queue = operation_of(action).queue
    try:
        if is_new and action.starts_at > database_clock.now():
            begins = rq_clock.not_before(action.starts_at)
            queue_of(queue).enqueue_at(
                begins, JOB, action.pk, number, job_id=lane.new_job_id(), **OPTIONS
            )
        else:
            lane.enqueue(queue)
    except RedisError as error:
        log.warning("Bulk action %s waits for reconcile: %s", action.pk, error)
        return False
    return True


def living() -> set[tuple[int, int]]:
    """(action id, lane number) of every lane at work, or in a queue. Raises RedisError."""
    queued = {(lane.action, lane.number) for name in QUEUES for _, lane in waiting(queue_of(name))}
    return queued | locks.living_lanes()


def waiting(queue: Queue) -> list[tuple[str, Lane]]:
    """Job id and lane of those in the queue, the first one first. Raises RedisError."""
    return [(job_id, lane) for job_id in queue.get_job_ids() if (lane := Lane.of(job_id))]
