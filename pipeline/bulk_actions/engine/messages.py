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

from django.db import DatabaseError, OperationalError, transaction
from django.db.models import F

from pipeline.bulk_actions.models import BulkAction, Chunk, Status
from pipeline.bulk_actions.operations import CantSend, Draft, SendingOperation
from pipeline.bulk_actions.writing.apply import failure, unexpected, write_one
from pipeline.bulk_actions.writing.message import (
    Stopped,
    begin,
    begin_with_change,
    hand_over,
    lock_and_check_running,
    record,
    settle,
    take_back,
)
from pipeline.candidates.models import Candidate
from pipeline.outreach import pace
from pipeline.outreach.drafts import RELATED
from pipeline.outreach.limits import LimitReached
from pipeline.outreach.models import Message, MessageStatus
from pipeline.outreach.senders import Unavailable, sender_for

log = logging.getLogger(__name__)


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
        """One candidate further, if the rate allows it soon: it may be that only others send now.

        False when none is left for this lane, or no leave.
        """
        if not self.waiting and not self.take_chunk():
            return False
        pk = self.waiting[0]
        try:
            goes_on = self.process(pk)
        except pace.NotYet:
            pace.let_others_send()
            return True
        except OperationalError:
            raise  # the database is away, or busy: reconcile sends a new lane
        except DatabaseError as error:
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
        """All three steps. False when the action is no longer to go on in this turn.

        Raises NotYet, and has then done nothing.
        """
        try:
            self.sender.open()
        except Unavailable as reason:
            return self.pause(reason)
        if seconds := self.pace.wait():
            time.sleep(seconds)
        try:
            message = self.begin(pk, draft)
        except Stopped:
            return False
        except LimitReached as reason:
            self.action.halt(str(reason))
            return False
        except CantSend as reason:
            return self.note_failure(pk, str(reason))
        return message is None or self.finish(message)

    def begin(self, pk: int, draft: Draft) -> Message | None:
        if self.operation.changes_candidates:
            return begin_with_change(self.action, self.operation.apply(), draft, pk, self.lane)
        return begin(self.action, draft, pk, self.lane)

    def finish(self, message: Message) -> bool:
        try:
            status = hand_over(self.sender, message)
        except Stopped:
            self.action.announce()
            return False
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
            if not lock_and_check_running(self.action):
                return False
            write_one(self.action, pk, failure(reason, self.operation.left_out))
        return True

    def pause(self, reason: Unavailable) -> bool:
        """Nothing was handed over. Reconcile tries again, and in the end gives up with this."""
        waiting = BulkAction.objects.active().filter(pk=self.action.pk)
        news = waiting.exclude(failure=str(reason))
        if news.update(failure=str(reason), version=F("version") + 1):
            self.action.announce()
        return False

    # --- chunks: only one lane works on each, from the first to the last candidate ---

    def take_chunk(self) -> bool:
        """The chunk that this lane has begun, or else the next that nobody has."""
        with transaction.atomic():
            if not lock_and_check_running(self.action):
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
        # Prefetched, not joined: fifty people share a few openings, folders and recruiters.
        self.people = people.prefetch_related(*RELATED).in_bulk(list(self.waiting))
        self.leave_chunk()
        return bool(self.waiting) or self.take_chunk()

    def leave_chunk(self) -> None:
        if self.chunk and not self.waiting:
            Chunk.objects.filter(pk=self.chunk.pk).update(is_done=True)


# Its own chunk first, one that an earlier turn left half done.
TAKE = """
UPDATE bulk_actions_chunk SET lane = %s WHERE id = (
    SELECT id FROM bulk_actions_chunk
    WHERE action_id = %s AND NOT is_done AND (lane IS NULL OR lane = %s)
    ORDER BY lane NULLS LAST, number LIMIT 1 FOR UPDATE SKIP LOCKED
) RETURNING id, candidate_ids
"""
