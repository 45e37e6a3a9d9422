"""Which lane a worker takes next, so that no workspace waits for what another one ordered.

A lane works for a share of its worker's turn. When others wait then, it goes to the back of the
queue, and the worker goes on with the one that deserves it most, in the same process: that takes
milliseconds, a new job and its process 100. Whoever takes a lane's job out of the queue is that
lane; where two are one at the same time, its lock lets only one work.
"""

import logging
import time
from collections import Counter

from redis.exceptions import RedisError
from rq.job import Job

from pipeline.bulk_actions.models import BulkAction, locks
from pipeline.bulk_actions.operations import operation_of
from pipeline.foundation.queues import queue_of
from pipeline.foundation.turns import Turn

from . import wakeups
from .wakeups import Lane

log = logging.getLogger(__name__)
# Connecting to a mail server takes longer than looking for the next chunk.
SHARE_SECONDS = {"messages": 1.0}
SHORT_SHARE_SECONDS = 0.3
LOOK_SECONDS = 0.1  # how often to see who waits, once a share is used up
BLIND_SECONDS = 5.0  # then nobody looks, after Redis did not answer


class Line:
    """The lanes that wait in a queue, as one of its workers sees them.

    While Redis is away, none does.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.queue = queue_of(name)
        self.looks_at = 0.0
        self.share_seconds = SHARE_SECONDS.get(name, SHORT_SHARE_SECONDS)

    def waiting(self) -> list[tuple[str, Lane]]:
        """Job id and lane, the one that came first in front."""
        if time.monotonic() < self.looks_at:
            return []
        try:
            return wakeups.waiting(self.queue)
        except RedisError as error:
            self.looks_at = time.monotonic() + BLIND_SECONDS
            log.warning("Nobody knows which lanes wait in %s: %s", self.name, error)
            return []

    def choose(self, called_for: Lane) -> Lane:
        """The one whose job it is; or one that deserves it more, and the first waits in front."""
        waiting = self.waiting()
        others = [(job_id, lane) for job_id, lane in waiting if lane.action != called_for.action]
        for job_id, lane in self.in_order([("", called_for), *others]):
            if lane is called_for:
                break
            if self.take(job_id):
                self.put_in_front(called_for)
                return lane
        return called_for

    def take_next(self) -> Lane | None:
        """The one that deserves it most of those that wait; None when none waits."""
        for job_id, lane in self.in_order(self.waiting()):
            if self.take(job_id):
                return lane
        return None

    def take(self, job_id: str) -> bool:
        """Take the job out of the queue. False when another worker was faster."""
        try:
            if not self.queue.remove(job_id):
                return False
            self.queue.connection.delete(Job.key_for(job_id))
        except RedisError:
            return False  # if it was taken all the same, reconcile sends it again
        return True

    def put_in_front(self, lane: Lane) -> None:
        try:
            lane.enqueue(self.name, at_front=True)
        except RedisError as error:
            log.warning("Bulk action %s waits for reconcile: %s", lane.action, error)

    def in_order(self, wanting: list[tuple[str, Lane]]) -> list[tuple[str, Lane]]:
        """First the workspaces with the fewest lanes at work; then those that have yet to begin."""
        workspaces = {lane.workspace for _, lane in wanting}
        busy = self.busy() if len(workspaces) > 1 else Counter[int]()
        return sorted(wanting, key=lambda found: (busy[found[1].workspace], not found[1].is_new))

    def busy(self) -> Counter[int]:
        """How many lanes of this queue are at work for each workspace."""
        at_work = locks.living_lanes()
        actions = BulkAction.objects.in_bulk({pk for pk, _ in at_work})
        found = (actions[pk] for pk, _ in at_work if pk in actions)
        return Counter(
            action.workspace_id for action in found if operation_of(action).queue == self.name
        )

    def holds(self, action_id: int, number: int) -> bool:
        """Whether this lane waits already: reconcile may have sent it a second time."""
        return any(lane[1:3] == (action_id, number) for _, lane in self.waiting())

    def others_wait(self, called_for: int) -> bool:
        """Whether a lane of another action than `called_for` waits."""
        return any(lane.action != called_for for _, lane in self.waiting())


class Share:
    """What a lane gets of its worker's turn: all of it, less when others wait."""

    def __init__(self, turn: Turn, line: Line | None, action_id: int) -> None:
        self.turn = turn
        self.line = line
        self.action_id = action_id
        self.looks_at = time.monotonic() + (line.share_seconds if line else 0)

    def is_over(self) -> bool:
        if self.turn.is_over():
            return True
        now = time.monotonic()
        if self.line is None or now < self.looks_at:
            return False
        self.looks_at = now + LOOK_SECONDS
        return self.line.others_wait(self.action_id)
