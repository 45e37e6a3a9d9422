"""Carries out bulk actions: a lane takes chunk after chunk, each in one short transaction.

Three rules make a cancel final and a crash harmless:
- a chunk is written under a shared advisory lock that a cancel takes exclusively, and only after
  the status was read under that lock;
- the change, its outcomes, the chunk's mark and the counters commit together or not at all;
- the database knows what is left; a job is only a wake-up call.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.models import F

from . import lanes, locks
from .models import BulkAction, Chunk, Status
from .operations import Operation, Unfinished, sends
from .sending import Sending
from .writing import failure, hold, unexpected, write

Step = Callable[[], bool]  # False when there is no next one, or no leave to take it
log = logging.getLogger(__name__)
TRIES = 3  # of a chunk as a whole, before it is split, in the end into single candidates


class Pulse:
    """Tells when a tick is due: no lane more often than its share of one in BULK_PUSH_SECONDS."""

    def __init__(self, lanes: int) -> None:
        self.seconds = settings.BULK_PUSH_SECONDS * lanes
        self.last = time.monotonic()

    def is_due(self) -> bool:
        now = time.monotonic()
        if now - self.last < self.seconds:
            return False
        self.last = now
        return True


def work_on(action_id: int, lane: int) -> None:
    """Be one lane of an action until nothing is left, it was stopped, or the turn is over."""
    if not locks.take_lane(action_id, lane):
        return  # the same job came twice: the other process is this lane
    try:
        is_more = take_turn(action_id, lane)
    finally:
        if connection.is_usable():
            locks.leave_lane(action_id, lane)
    if is_more:
        lanes.send(action_id, lane)


def take_turn(action_id: int, lane: int) -> bool:
    """Process candidates for BULK_TURN_SECONDS. True when there is more to do in another turn."""
    action = BulkAction.objects.filter(pk=action_id).due().first()
    if action is None:
        return False
    try:
        operation = action.get_operation()
    except KeyError:
        action.fail(f"Belay no longer knows the operation “{action.operation}”.")
        return False
    with begun(action, operation, lane) as (step, is_more):
        if is_more and is_turn_over(action, step):
            return True
    conclude(action, operation)
    return False


@contextmanager
def begun(action: BulkAction, operation: Operation, lane: int) -> Iterator[tuple[Step, bool]]:
    """Start it, if it waits, and take the first step: one candidate's message, or a whole chunk.

    Yields the step, to be taken again and again, and whether there is another to take.
    """
    if sends(operation):
        action.start()
        with Sending(action, operation, lane) as send_next:
            yield send_next, send_next()
    else:
        chunk = partial(process_next_chunk, action, operation)
        with transaction.atomic():  # the start is told with the first chunk, and does not delay it
            action.start()
            is_more = chunk()
        yield chunk, is_more


def is_turn_over(action: BulkAction, step: Step) -> bool:
    """Take steps until the turn is over, which is True, or there is none left to take."""
    ends = time.monotonic() + settings.BULK_TURN_SECONDS
    pulse = Pulse(action.lanes)
    while True:
        if pulse.is_due():
            action.announce(status_changed=False)
        if time.monotonic() >= ends:
            return True
        if not step():
            return False


def conclude(action: BulkAction, operation: Operation) -> None:
    """Bring it to its end, if nothing is pending and no other lane is at it."""
    if not operation.has_conclusion:
        action.finish()
        return
    with locks.only_conclusion(action.pk) as is_mine:
        if not is_mine or action.chunks.pending().exists() or not action.is_wanted():
            return
        try:
            fields = operation.conclude(action)
        except Unfinished as reason:
            action.fail(str(reason))
        else:
            action.finish(**fields)


def process_next_chunk(action: BulkAction, operation: Operation) -> bool:
    """Process one pending chunk that no other lane has. False when there is none, or no leave."""
    chunk = None
    try:
        with transaction.atomic():
            chunk = claim_chunk(action)
            if chunk is None:
                return False
            if chunk.attempts < TRIES:
                if operation.locks_first:
                    operation.hold_before(action, chunk)
                    hold(action, chunk)
                    operation.hold_beside(action, chunk)
                write(action, chunk, operation.apply())
                operation.write_beside(action, chunk)
            elif not chunk.split():
                write(action, chunk, failure(unexpected(action, chunk.candidate_ids[0])))
    except DatabaseError as error:
        if chunk is None or not connection.is_usable():
            raise  # the database is away: reconcile sends a new lane when it is back
        log.warning("Bulk action %s, chunk %s failed: %s", action.pk, chunk.number, error)
        Chunk.objects.filter(pk=chunk.pk).update(attempts=F("attempts") + 1)
    return True


def claim_chunk(action: BulkAction) -> Chunk | None:
    """The next pending chunk, locked until the transaction ends; None when there is no leave.

    The status is read by a statement after the one that takes the lock: only then does it see
    what was committed while we waited.
    """
    locks.enter_chunk(action.pk)
    return next(iter(Chunk.objects.raw(CLAIM, [action.pk, Status.IN_PROGRESS])), None)


# The ORM could say it, but takes as long to do so as ten candidates take to be moved.
CLAIM = """
SELECT chunk.id, chunk.number, chunk.attempts FROM bulk_actions_chunk AS chunk
JOIN bulk_actions_bulkaction AS action ON action.id = chunk.action_id
WHERE action.id = %s AND action.status = %s AND NOT chunk.is_done
ORDER BY chunk.number LIMIT 1 FOR UPDATE OF chunk SKIP LOCKED
"""
