"""Carries out bulk actions: a lane takes chunk after chunk, each in one short transaction.

Three rules make a cancel final and a crash harmless:
- a chunk is written under a shared advisory lock that a cancel takes exclusively, and only after
  the status was read under that lock;
- the change, its outcomes, the chunk's mark and the counters commit together or not at all;
- the database knows what is left; a job is only a wake-up call.
"""

import logging
import time
from typing import NamedTuple

from django.conf import settings
from django.db import DatabaseError, OperationalError, connection, transaction
from django.db.models import F
from django.db.models.functions import Now

from . import lanes, locks
from .models import BulkAction, Chunk, Outcome, Result, Status
from .operations import Operation

log = logging.getLogger(__name__)
TRIES = 3  # of a chunk as a whole, before it is taken candidate by candidate


class Counts(NamedTuple):
    changed: int
    unchanged: int
    failed: int


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
        is_more = take_turn(action_id)
    finally:
        if connection.is_usable():
            locks.leave_lane(action_id, lane)
    if is_more:
        lanes.send(action_id, lane)


def take_turn(action_id: int) -> bool:
    """Process chunks for BULK_TURN_SECONDS. True when there is more to do in another turn."""
    action = BulkAction.objects.filter(pk=action_id).due().first()
    if action is None:
        return False
    if action.status == Status.IN_QUEUE:
        action.start()
    try:
        operation = action.get_operation()
    except KeyError:
        action.fail(f"Belay no longer knows the operation “{action.operation}”.")
        return False
    ends = time.monotonic() + settings.BULK_TURN_SECONDS
    pulse = Pulse(action.lanes)
    while time.monotonic() < ends:
        if not process_next_chunk(action, operation):
            action.finish()
            return False
        if pulse.is_due():
            action.announce(status_changed=False)
    return True


def process_next_chunk(action: BulkAction, operation: Operation) -> bool:
    """Process one pending chunk that no other lane has. False when there is none, or no leave."""
    chunk = None
    try:
        with transaction.atomic():
            chunk = claim_chunk(action)
            if chunk is None:
                return False
            if chunk.attempts >= TRIES:
                process_next_candidate(action, operation, chunk)
            else:
                settle(action, chunk, write(action, operation, chunk.candidate_ids))
    except DatabaseError as error:
        if chunk is None or not connection.is_usable():
            raise  # the database is away: reconcile sends a new lane when it is back
        log.warning("Bulk action %s, chunk %s failed: %s", action.pk, chunk.number, error)
        Chunk.objects.filter(pk=chunk.pk).update(attempts=F("attempts") + 1)
    return True


def claim_chunk(action: BulkAction) -> Chunk | None:
    """The next pending chunk, locked until the transaction ends; None when there is no leave.

    The status is read by a statement of its own, after the lock is there: only then does it see
    what was committed while we waited.
    """
    locks.enter_chunk(action.pk)
    if not BulkAction.objects.filter(pk=action.pk, status=Status.IN_PROGRESS).exists():
        return None
    chunks = action.chunks.pending().order_by("number")
    return chunks.select_for_update(skip_locked=True).first()


def process_next_candidate(action: BulkAction, operation: Operation, chunk: Chunk) -> None:
    """One candidate of a chunk that failed as a whole, so that one row can't take 499 with it."""
    seen = Outcome.objects.filter(action=action, candidate_id__in=chunk.candidate_ids)
    left = sorted(set(chunk.candidate_ids) - set(seen.values_list("candidate_id", flat=True)))
    if not left:
        settle(action, chunk, Counts(0, 0, 0))
        return
    try:
        with transaction.atomic():
            counts = write(action, operation, left[:1])
    except OperationalError:
        raise  # a deadlock or a lost connection says nothing about the candidate
    except DatabaseError:
        log.exception("Bulk action %s, candidate %s", action.pk, left[0])
        reason = f"Unexpected error. Tell support: bulk action {action.pk}, candidate {left[0]}."
        action.outcomes.create(candidate_id=left[0], result=Result.FAILED, reason=reason)
        counts = Counts(0, 0, 1)
    settle(action, chunk if len(left) == 1 else None, counts)


def write(action: BulkAction, operation: Operation, ids: list[int]) -> Counts:
    """Apply the operation to the candidates and write their outcomes, in one statement."""
    sql, params = operation.apply()
    with connection.cursor() as cursor:
        cursor.execute(
            WRITE.format(operation=sql),
            params
            | {
                "engine_action": action.pk,
                "engine_workspace": action.workspace_id,
                "engine_ids": ids,
            },
        )
        return Counts(*cursor.fetchone())


def settle(action: BulkAction, chunk: Chunk | None, counts: Counts) -> None:
    """Mark the chunk, if it is done, and add to the counters: last, as all lanes share that row."""
    if chunk is not None:
        Chunk.objects.filter(pk=chunk.pk).update(is_done=True)
    BulkAction.objects.filter(pk=action.pk).update(
        changed=F("changed") + counts.changed,
        unchanged=F("unchanged") + counts.unchanged,
        failed=F("failed") + counts.failed,
        version=F("version") + 1,
        progressed_at=Now(),
        stalls=0,
    )


# Locked in the order of their ids, so that two actions over the same candidates can't deadlock.
WRITE = """
WITH picked AS (
    SELECT id, opening_id, folder_id, recruiter_id FROM candidates_candidate
    WHERE id = ANY(%(engine_ids)s) AND workspace_id = %(engine_workspace)s
    ORDER BY id FOR UPDATE
), {operation}, written AS (
    INSERT INTO bulk_actions_outcome (action_id, candidate_id, result, reason, before)
    SELECT %(engine_action)s, candidate_id, result, reason, before FROM outcome
    UNION ALL
    SELECT %(engine_action)s, gone, 3, 'The candidate was deleted before its turn came.', '{{}}'
    FROM unnest(%(engine_ids)s) AS gone
    WHERE NOT EXISTS (SELECT FROM picked WHERE picked.id = gone)
    RETURNING result
)
SELECT count(*) FILTER (WHERE result = 1), count(*) FILTER (WHERE result = 2),
       count(*) FILTER (WHERE result = 3)
FROM written
"""
