"""Writes to candidates one by one, so that a cancel stops the very next message.

Each message takes three steps:
1. in one short transaction, under the action's shared lock and status check: one unit of the
   message limit is reserved, and the Message written as *sending*;
2. without any lock, so that a provider that hangs delays no cancel: it is handed over;
3. its result is written, with the outcome and the counters.
What dies between the first and the last leaves a Message as *sending*. Its lane, when it lives
again, or reconcile makes it *unconfirmed*: never sent again by itself, and shown as a failure.
"""

import logging
import time
from collections import deque
from types import TracebackType
from typing import Self

from django.db import DatabaseError, connection, transaction
from rq.timeouts import BaseTimeoutException

from pipeline.candidates.models import Candidate
from pipeline.outreach import limits, pace
from pipeline.outreach.limits import LimitReached
from pipeline.outreach.models import Channel, Message, MessageStatus
from pipeline.outreach.senders import NotTaken, Sender, Unavailable, Unconfirmed, sender_for

from . import locks
from .models import BulkAction, Chunk, Status
from .operations import CantSend, Draft, SendingOperation
from .operations.drafts import OPTED_OUT
from .operations.texts import RELATED
from .writing import failure, unexpected, write_one

log = logging.getLogger(__name__)

INTERRUPTED = (
    "Handed over when the work was interrupted: it may or may not have arrived,"
    " and is not sent again by itself."
)


class Stopped(Exception):
    """The action is no longer In Progress."""


class Sending:
    """One lane's turn at an action's messages: `with Sending(…) as step: step()`."""

    def __init__(self, action: BulkAction, operation: SendingOperation, lane: int) -> None:
        self.action = action
        self.operation = operation
        self.lane = lane
        self.sender = sender_for(operation.channel)
        self.pace = pace.Pace(action.workspace_id, operation.channel)
        self.chunk: Chunk | None = None
        self.waiting: deque[int] = deque()
        self.people: dict[int, Candidate] = {}

    def __enter__(self) -> Self:
        settle(self.action, self.lane)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.sender.close()

    def __call__(self) -> bool:
        """One candidate further. False when none is left for this lane, or no leave."""
        if not self.waiting and not self.take_chunk():
            return False
        pk = self.waiting[0]
        try:
            goes_on = self.process(pk)
        except DatabaseError as error:
            if not connection.is_usable():
                raise  # the database is away: reconcile sends a new lane when it is back
            log.warning("Bulk action %s, candidate %s failed: %s", self.action.pk, pk, error)
            goes_on = self.note_failure(pk, unexpected(self.action, pk))
        if goes_on:
            self.waiting.popleft()
            self.leave_chunk()
        return goes_on

    def process(self, pk: int) -> bool:
        if pk not in self.people:
            return self.note_failure(pk, "")  # deleted: its outcome says so
        try:
            draft = self.operation.draft(self.people[pk])
        except CantSend as reason:
            return self.note_failure(pk, str(reason))
        return self.write_to(pk, draft)

    def write_to(self, pk: int, draft: Draft) -> bool:
        """All three steps. False when the action is no longer to go on in this turn."""
        try:
            self.sender.open()
        except Unavailable as reason:
            return self.pause(reason)
        time.sleep(self.pace.wait())
        try:
            message = begin(self.action, draft, pk, self.lane, self.operation)
        except Stopped:
            return False
        except LimitReached as reason:
            self.action.halt(str(reason))
            return False
        except CantSend as reason:
            return self.note_failure(pk, str(reason))
        return message is None or self.finish(message)

    def finish(self, message: Message) -> bool:
        try:
            status = hand_over(self.sender, message)
        except Unavailable as reason:
            if self.operation.changes_candidates:  # and has: only the message can't go
                return bool(record(message, MessageStatus.FAILED, str(reason)))
            take_back(message)
            return self.pause(reason)
        if status != Status.IN_PROGRESS:
            # Stopped while the provider thought: what was handed over is still counted and shown.
            self.action.announce()
            return False
        return True

    def note_failure(self, pk: int, reason: str) -> bool:
        with transaction.atomic():
            if not has_leave(self.action):
                return False
            write_one(self.action, pk, failure(reason))
        return True

    def pause(self, reason: Unavailable) -> bool:
        """Nothing was handed over. Reconcile tries again, and in the end gives up with this."""
        waiting = BulkAction.objects.active().filter(pk=self.action.pk)
        if waiting.exclude(failure=str(reason)).update(failure=str(reason)):
            self.action.announce()
        return False

    # --- chunks: only one lane works on each, from the first to the last candidate ---

    def take_chunk(self) -> bool:
        """The chunk that this lane has begun, or else the next that nobody has."""
        with transaction.atomic():
            if not has_leave(self.action):
                return False
            ours = [self.lane, self.action.pk, self.lane]
            self.chunk = next(iter(Chunk.objects.raw(TAKE, ours)), None)
        if self.chunk is None:
            return False
        ids = self.chunk.candidate_ids
        outcomes = self.action.outcomes.filter(candidate__in=ids)
        over = set(outcomes.values_list("candidate_id", flat=True))
        self.waiting.extend(pk for pk in ids if pk not in over)
        people = Candidate.objects.filter(workspace=self.action.workspace_id)
        self.people = people.select_related(*RELATED).in_bulk(list(self.waiting))
        self.leave_chunk()
        return bool(self.waiting) or self.take_chunk()

    def leave_chunk(self) -> None:
        if self.chunk and not self.waiting:
            Chunk.objects.filter(pk=self.chunk.pk).update(is_done=True)


def has_leave(action: BulkAction) -> bool:
    """Whether a candidate may be processed until this transaction ends.

    The status is read by a statement after the one that takes the lock: only then does it see
    what was committed while we waited.
    """
    locks.enter_chunk(action.pk)
    with connection.cursor() as cursor:
        cursor.execute("SELECT status FROM bulk_actions_bulkaction WHERE id = %s", [action.pk])
        return bool(cursor.fetchone() == (Status.IN_PROGRESS,))


@transaction.atomic
def begin(
    action: BulkAction,
    draft: Draft,
    candidate_id: int | None,
    lane: int | None = None,
    operation: SendingOperation | None = None,
) -> Message | None:
    """The first step. Returns the Message to hand over, now *sending*.

    None where the operation also changes candidates, and left this one as it is. Raises, and has
    then written nothing: Stopped, LimitReached, or CantSend where this person must not get it.
    """
    if not has_leave(action):
        raise Stopped
    object_to(action, draft, candidate_id)
    if candidate_id is not None and operation is not None and operation.changes_candidates:
        is_changed = write_one(action, candidate_id, operation.apply())
        if not is_changed:
            return None
    message = Message(
        workspace_id=action.workspace_id,
        candidate_id=candidate_id,
        bulk_action_id=action.pk,
        lane=lane,
        channel=draft.channel,
        address=draft.address,
        subject=draft.subject,
        body=draft.body,
        counted_on=limits.reserve(action.workspace, draft.channel),
    )
    message.save(force_insert=True)
    return message


def object_to(action: BulkAction, draft: Draft, candidate_id: int | None) -> None:
    """Raise CantSend when this person has opted out, or has a message of this action already."""
    with connection.cursor() as cursor:
        cursor.execute(
            OBJECTIONS,
            {
                "workspace": action.workspace_id,
                "channel": draft.channel,
                "address": draft.address.lower(),
                "action": action.pk,
                "candidate": candidate_id,
            },
        )
        has_opted_out, has_message = cursor.fetchone()
    if has_opted_out and candidate_id:
        raise CantSend(OPTED_OUT[Channel(draft.channel)])
    if has_message:
        raise CantSend("This action has written to them before.")


def hand_over(sender: Sender, message: Message) -> str:
    """The second and the third step. Returns the action's status as it is afterwards.

    Raises Unavailable when the provider can't be reached any more and nothing was handed over.
    """
    try:
        message.provider_id = sender.send(message)
    except NotTaken as reason:
        return record(message, MessageStatus.FAILED, str(reason))
    except Unconfirmed as reason:
        return record(message, MessageStatus.UNCONFIRMED, str(reason))
    except (Unavailable, BaseTimeoutException):
        raise
    except Exception:
        log.exception("Message %s", message.pk)
        return record(message, MessageStatus.UNCONFIRMED, INTERRUPTED)
    return record(message, MessageStatus.SENT)


@transaction.atomic
def record(message: Message, status: MessageStatus, problem: str = "") -> str:
    """Write what became of it, once: the message, the outcome, the counters, the limit."""
    with connection.cursor() as cursor:
        cursor.execute(
            RECORD,
            {
                "message": message.pk,
                "status": status,
                "problem": problem,
                "provider_id": message.provider_id[:100],
                "action": message.bulk_action_id,
                "result": 1 if status == MessageStatus.SENT else 3,
            },
        )
        row = cursor.fetchone()
    if row is not None and status == MessageStatus.FAILED:
        limits.give_back(message)
    return str(row[0]) if row else ""


@transaction.atomic
def take_back(message: Message) -> None:
    """As if it had never been begun: nothing was handed over."""
    if message.delete()[0]:
        limits.give_back(message)


def settle(action: BulkAction, lane: int | None) -> None:
    """What a dead lane left as *sending*: nobody knows, so it is not sent again.

    Only for the lane itself, or when no process is that lane.
    """
    for message in Message.objects.sending().filter(bulk_action_id=action.pk, lane=lane):
        record(message, MessageStatus.UNCONFIRMED, INTERRUPTED)


# Its own chunk first, one that an earlier turn left half done.
TAKE = """
UPDATE bulk_actions_chunk SET lane = %s WHERE id = (
    SELECT id FROM bulk_actions_chunk
    WHERE action_id = %s AND NOT is_done AND (lane IS NULL OR lane = %s)
    ORDER BY lane NULLS LAST, number LIMIT 1 FOR UPDATE SKIP LOCKED
) RETURNING id, candidate_ids
"""

OBJECTIONS = """
SELECT EXISTS (
    SELECT FROM outreach_optout
    WHERE workspace_id = %(workspace)s AND channel = %(channel)s AND address = %(address)s
), EXISTS (
    SELECT FROM outreach_message
    WHERE bulk_action_id = %(action)s AND candidate_id IS NOT DISTINCT FROM %(candidate)s
)
"""

# Where the candidate was changed with the message's first step, the outcome is there already: then
# only what became of the message is added to it.
RECORD = """
WITH message AS (
    UPDATE outreach_message SET
        status = %(status)s, problem = %(problem)s, provider_id = %(provider_id)s,
        ended_at = clock_timestamp()
    WHERE id = %(message)s AND status = 'sending' RETURNING candidate_id
), written AS (
    INSERT INTO bulk_actions_outcome AS outcome (action_id, candidate_id, result, reason, before)
    SELECT %(action)s, candidate_id, %(result)s, %(problem)s, '{}' FROM message
    WHERE candidate_id IS NOT NULL
    ON CONFLICT (candidate_id, action_id) DO UPDATE SET
        reason = CASE %(problem)s WHEN '' THEN '' ELSE 'No message: ' || %(problem)s END
    RETURNING outcome.result, xmax = 0 AS is_new
), counts AS (
    SELECT count(*) FILTER (WHERE is_new AND result = 1) AS changed,
           count(*) FILTER (WHERE is_new AND result = 3) AS failed
    FROM written
)
UPDATE bulk_actions_bulkaction AS action SET
    changed = action.changed + counts.changed,
    failed = action.failed + counts.failed,
    version = action.version + 1,
    progressed_at = clock_timestamp(),
    stalls = 0,
    failure = CASE action.status WHEN 'in_progress' THEN '' ELSE action.failure END
FROM counts, message WHERE action.id = %(action)s
RETURNING action.status
"""
