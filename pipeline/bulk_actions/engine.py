"""Carries out bulk actions: a lane takes chunk after chunk, each in one short transaction.

Three rules make a cancel final and a crash harmless:
- a chunk is written under a shared advisory lock that a cancel takes exclusively, and only after
  the status was read under that lock;
- the change, its outcomes, the chunk's mark and the counters commit together or not at all;
- the database knows what is left; a job is only a wake-up call.
"""

import logging
import time
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.models import F

from . import lanes, locks
from .models import BulkAction, Chunk, Status
from .operations import Operation, Unfinished

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
    try:
        operation = action.get_operation()
    except KeyError:
        action.fail(f"Belay no longer knows the operation “{action.operation}”.")
        return False
    ends = time.monotonic() + settings.BULK_TURN_SECONDS
    pulse = Pulse(action.lanes)
    with transaction.atomic():  # the start is told with the first chunk, and does not delay it
        action.start()
        is_more = process_next_chunk(action, operation)
    while is_more:
        if pulse.is_due():
            action.announce(status_changed=False)
        if time.monotonic() >= ends:
            return True
        is_more = process_next_chunk(action, operation)
    conclude(action, operation)
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
                write(action, chunk, operation.apply())
                operation.write_beside(action, chunk)
            elif not chunk.split():
                write(action, chunk, refusal(action, chunk))
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


def write(action: BulkAction, chunk: Chunk, change: tuple[str, dict[str, Any]]) -> None:
    """Change the chunk's candidates, with their outcomes, its mark and the action's counters.

    `change` is what Operation.apply returns.
    """
    sql, params = change
    ours = {
        "engine_action": action.pk,
        "engine_workspace": action.workspace_id,
        "engine_chunk": chunk.pk,
    }
    with connection.cursor() as cursor:
        cursor.execute(WRITE.format(change=sql), params | ours)


def refusal(action: BulkAction, chunk: Chunk) -> tuple[str, dict[str, Any]]:
    """What is written for the one candidate of a chunk that can't be changed even alone."""
    pk = chunk.candidate_ids[0]
    return REFUSE, {
        "reason": f"Unexpected error. Tell support: bulk action {action.pk}, candidate {pk}."
    }


# The ORM could say it, but takes as long to do so as ten candidates take to be moved.
CLAIM = """
SELECT chunk.id, chunk.number, chunk.attempts FROM bulk_actions_chunk AS chunk
JOIN bulk_actions_bulkaction AS action ON action.id = chunk.action_id
WHERE action.id = %s AND action.status = %s AND NOT chunk.is_done
ORDER BY chunk.number LIMIT 1 FOR UPDATE OF chunk SKIP LOCKED
"""

# One statement, as each round trip would cost as much as twenty candidates. They are locked in the
# order of their ids, so that two actions over the same ones can't deadlock; the action's row comes
# last, as all lanes share it.
WRITE = """
WITH picked AS (
    SELECT id, opening_id, folder_id, recruiter_id FROM candidates_candidate
    WHERE workspace_id = %(engine_workspace)s AND id = ANY((
        SELECT candidate_ids FROM bulk_actions_chunk WHERE id = %(engine_chunk)s
    )::bigint[])
    ORDER BY id FOR UPDATE
), {change}, written AS (
    INSERT INTO bulk_actions_outcome (action_id, candidate_id, result, reason, before)
    SELECT %(engine_action)s, candidate_id, result, reason, before FROM outcome
    UNION ALL
    SELECT %(engine_action)s, gone, 3, 'The candidate was deleted before its turn came.', '{{}}'
    FROM bulk_actions_chunk AS chunk, unnest(chunk.candidate_ids) AS gone
    WHERE chunk.id = %(engine_chunk)s AND NOT EXISTS (SELECT FROM picked WHERE picked.id = gone)
    RETURNING result
), counts AS (
    SELECT count(*) FILTER (WHERE result = 1) AS changed,
           count(*) FILTER (WHERE result = 2) AS unchanged,
           count(*) FILTER (WHERE result = 3) AS failed
    FROM written
), marked AS (
    UPDATE bulk_actions_chunk SET is_done = true WHERE id = %(engine_chunk)s
)
UPDATE bulk_actions_bulkaction AS action SET
    changed = action.changed + counts.changed,
    unchanged = action.unchanged + counts.unchanged,
    failed = action.failed + counts.failed,
    version = action.version + 1,
    progressed_at = clock_timestamp(),
    stalls = 0
FROM counts WHERE action.id = %(engine_action)s
"""

REFUSE = """
outcome AS (
    SELECT id AS candidate_id, 3 AS result, %(reason)s AS reason, '{}'::jsonb AS before FROM picked
)
"""
