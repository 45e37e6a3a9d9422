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
from psycopg.errors import LockNotAvailable
from rq import get_current_job

from pipeline.bulk_actions.models import BulkAction, Chunk, Status, locks
from pipeline.bulk_actions.operations import (
    Forgotten,
    Operation,
    Unfinished,
    operation_of,
    sends,
    writes_to_people,
)
from pipeline.bulk_actions.writing.apply import failure, lock_candidates, unexpected, write
from pipeline.foundation.turns import Turn
from pipeline.outreach.limits import LimitReached
from pipeline.workspaces.restores.detection import holds_messages

from . import wakeups
from .messages import Sending
from .rights import cancel_if_lost
from .start_push import started
from .turn_order import Line, Share
from .wakeups import Lane

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
    """The job of a worker: this lane's work, and in the same turn that of others which wait.

    Which lane comes first is turn_order's to say; one that has more to do queues up again.
    """
    turn = Turn(settings.BULK_TURN_SECONDS)
    job = get_current_job()
    called_for = Lane.of(job.id) if job else None
    if job is None or called_for is None:
        be_lane(action_id, lane, turn)
        return
    line = Line(job.origin)
    following: Lane | None = line.choose(called_for)
    while following:
        be_lane(following.action, following.number, turn, line)
        following = None if turn.is_over() else line.take_next()


def be_lane(action_id: int, lane: int, turn: Turn, line: Line | None = None) -> None:
    """Be one lane of an action until nothing is left, it was stopped, or its share is over."""
    with locks.lane(action_id, lane) as is_mine:
        # Not so when the same job came twice: the other process is this lane.
        goes_on = is_mine and take_turn(action_id, lane, Share(turn, line, action_id))
    if goes_on and not (line and line.holds(action_id, lane)):
        wakeups.send(goes_on, lane)


def take_turn(action_id: int, lane: int, share: Share) -> BulkAction | None:
    """Process candidates until the share is over. Returns the action if there is more to do."""
    due = BulkAction.objects.filter(pk=action_id).due()
    action = due.select_related("started_by__membership").first()
    if action is None:
        return None
    operation = operation_of(action)
    if isinstance(operation, Forgotten):
        action.fail(f"Belay no longer knows the operation “{action.operation}”.")
        return None
    if cancel_if_lost(action, operation):
        return None
    if writes_to_people(operation) and holds_messages(action.workspace_id):
        return None
    with first_step(action, operation, lane) as (step, is_more):
        if is_more and work_until_turn_ends(action, step, share):
            return action
    finish_if_done(action, operation)
    return None


@contextmanager
def first_step(action: BulkAction, operation: Operation, lane: int) -> Iterator[tuple[Step, bool]]:
    """Start it, if it waits, and take the first step: one candidate's message, or a whole chunk.

    Yields the step, to be taken again and again, and whether there is another to take.
    """
    if sends(operation):
        action.start()
        with Sending(action, operation, lane) as send_next:
            yield send_next, send_next()
    else:
        chunk = partial(process_next_chunk, action, operation)
        with started(action):
            is_more = chunk()
        yield chunk, is_more


def work_until_turn_ends(action: BulkAction, step: Step, share: Share) -> bool:
    """Take steps until the share is over, which is True, or there is none left to take."""
    pulse = Pulse(action.lanes)
    while True:
        if pulse.is_due():
            action.announce(status_changed=False)
        if share.is_over():
            return True
        if not step():
            return False


def finish_if_done(action: BulkAction, operation: Operation) -> None:
    """Bring it to its end, if nothing is pending and no other lane is at it."""
    if not operation.has_conclusion:
        action.finish()
        return
    with locks.only_conclusion(action.pk) as is_mine:
        if not is_mine or action.chunks.pending().exists() or not action.is_still_active():
            return
        if cancel_if_lost(as_of_now(action), operation):
            return  # a file or an e-mail about everybody is the last thing that may get away
        try:
            fields = operation.conclude(action)
        except Unfinished as reason:
            action.fail(str(reason))
        except LimitReached as reason:
            action.halt(str(reason))
        else:
            action.finish(**fields)


def as_of_now(action: BulkAction) -> BulkAction:
    """The same with its owner's rights of this moment: the last look may be a turn ago."""
    return BulkAction.objects.select_related("started_by__membership").get(pk=action.pk)


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
                    operation.lock_before_candidates(action, chunk)
                    lock_candidates(action, chunk)
                    operation.lock_related(action, chunk)
                write(action, chunk, operation.apply())
                operation.after_write(action, chunk)
            elif not chunk.split():
                write(action, chunk, failure(unexpected(action, chunk.candidate_ids[0])))
    except DatabaseError as error:
        if chunk is None or not connection.is_usable():
            raise  # the database is away: reconcile sends a new lane when it is back
        if isinstance(error.__cause__, LockNotAvailable):
            log.info("Bulk action %s, chunk %s waits for a lock", action.pk, chunk.number)
            return True  # not the chunk's fault: an import, for one, holds these candidates
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
