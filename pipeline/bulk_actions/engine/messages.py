"""Writes to candidates one by one, so that a cancel stops the very next message.

Each takes the steps of pipeline/outreach/delivery.py: the first under the action's shared lock and
status check, the last with the outcome and the counters. What dies between them leaves a Message as
*sending*. Its lane, when it lives again, or reconcile makes it *unconfirmed*: never sent again by
itself, and shown as a failure.
"""

import logging
from collections import deque
from types import TracebackType
from typing import Self

from django.db import DatabaseError, OperationalError, transaction
from django.db.models import F

from pipeline.bulk_actions.models import BulkAction, Chunk, Status
from pipeline.bulk_actions.operations import SendingOperation
from pipeline.bulk_actions.writing.apply import SqlChange, failure, unexpected, write_one
from pipeline.bulk_actions.writing.message import (
    ActionMessage,
    lock_and_check_running,
    record,
    settle,
)
from pipeline.candidates.models import Candidate
from pipeline.outreach import pace
from pipeline.outreach.delivery import Result, Stopped, deliver
from pipeline.outreach.drafts import RELATED, Draft, refuse_opted_out
from pipeline.outreach.limits import LimitReached
from pipeline.outreach.models import Message
from pipeline.outreach.reasons import Reason
from pipeline.outreach.senders import Unavailable, sender_for

log = logging.getLogger(__name__)


class CandidateMessage(ActionMessage):
    """The message to one of the candidates, with the change of the candidate, if there is one."""

    def __init__(
        self, action: BulkAction, operation: SendingOperation, candidate: Candidate, lane: int
    ) -> None:
        super().__init__(action, candidate.pk, lane)
        self.operation = operation
        self.candidate = candidate
        self.has_begun = False

    def draft(self) -> Draft:
        return self.operation.draft(self.candidate)

    def begin(self, draft: Draft) -> Message | None:
        changes = self.operation.changes_candidates
        message = self.begin_with_change(draft) if changes else super().begin(draft)
        self.has_begun = message is not None
        return message

    @transaction.atomic
    def begin_with_change(self, draft: Draft) -> Message | None:
        """Both or neither. No message where the change leaves the candidate as it is."""
        if not lock_and_check_running(self.action):
            raise Stopped
        refuse_opted_out(self.action.workspace_id, draft)
        is_changed = write_one(self.action, self.candidate.pk, self.operation.apply())
        return super().begin(draft) if is_changed else None

    def take_back(self, message: Message) -> bool:
        """A candidate that was changed with it stays so."""
        return not self.operation.changes_candidates and super().take_back(message)

    def refuse(self, reason: Reason) -> None:
        change = failure(reason, self.operation.left_out)
        if not write_alone(self.action, self.candidate.pk, change):
            raise Stopped

    def record(self, message: Message, result: Result) -> None:
        if record(message, result) != Status.IN_PROGRESS:
            raise Stopped


@transaction.atomic
def write_alone(action: BulkAction, candidate_id: int, change: SqlChange) -> bool:
    """The change and the outcome of one that gets no message. False when the action has stopped."""
    if not lock_and_check_running(action):
        return False
    write_one(action, candidate_id, change)
    return True


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
        """All steps of one. False when the action is no longer to go on in this turn.

        Raises NotYet, and has then done nothing.
        """
        if pk not in self.people:
            return self.note_failure(pk, "")  # deleted: its outcome says so
        owner = CandidateMessage(self.action, self.operation, self.people[pk], self.lane)
        try:
            deliver(owner, self.sender, self.pace)
        except Stopped:
            if owner.has_begun:  # what was handed over is still counted and shown
                self.action.announce()
            return False
        except LimitReached as reason:
            self.action.halt(str(reason))
            return False
        except Unavailable as reason:
            return self.pause(reason)
        return True

    def note_failure(self, pk: int, reason: str) -> bool:
        return write_alone(self.action, pk, failure(reason, self.operation.left_out))

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
