"""An action's messages: whether each may go, and what became of it.

The steps are those of pipeline/outreach/delivery.py; the first and the third are prepared SQL.
"""

import json
from typing import Any

from django.db import connection, transaction

from pipeline.bulk_actions.models import BulkAction, Result, Status, locks
from pipeline.outreach import delivery, limits, optouts
from pipeline.outreach.delivery import INTERRUPTED, Owner, Stopped
from pipeline.outreach.drafts import Draft
from pipeline.outreach.limits import LimitReached
from pipeline.outreach.models import Message, MessageStatus
from pipeline.outreach.reasons import CantSend, Code, Reason, opted_out

from .message_sql import BEGIN, RECORD, prepare


def lock_and_check_running(action: BulkAction) -> bool:
    """Whether a candidate may be processed until this transaction ends.

    The status is read by a statement after the one that takes the lock: only then does it see
    what was committed while we waited.
    """
    locks.enter_chunk(action.pk)
    with connection.cursor() as cursor:
        cursor.execute("SELECT status FROM bulk_actions_bulkaction WHERE id = %s", [action.pk])
        return bool(cursor.fetchone() == (Status.IN_PROGRESS,))


class ActionMessage(Owner):
    """One message of an action: to a candidate, by one of its lanes, or to somebody else."""

    def __init__(
        self, action: BulkAction, candidate_id: int | None = None, lane: int | None = None
    ) -> None:
        self.action = action
        self.candidate_id = candidate_id
        self.lane = lane

    def begin(self, draft: Draft) -> Message | None:
        """In one round trip."""
        message = Message(
            workspace_id=self.action.workspace_id,
            candidate_id=self.candidate_id,
            bulk_action_id=self.action.pk,
            lane=self.lane,
            channel=draft.channel,
            address=draft.address,
            subject=draft.subject,
            body=draft.body,
        )
        prepare()
        with connection.cursor() as cursor:
            cursor.execute(BEGIN, parameters_of(message, self.action))
            cursor.nextset()
            row = cursor.fetchone()
        is_running, has_opted_out, has_message, message.pk, message.counted_on = row
        if not is_running:
            raise Stopped
        if has_opted_out:
            raise CantSend(opted_out(draft.channel))
        if has_message:
            raise CantSend(Reason(Code.WRITTEN_BEFORE))
        if message.pk is None:
            raise LimitReached(limits.standing(self.action.workspace, draft.channel).reached)
        message._state.adding = False
        return message

    @transaction.atomic
    def is_still_wanted(self, message: Message) -> bool:
        return (
            lock_and_check_running(self.action)
            and Message.objects.sending().filter(pk=message.pk).exists()
        )

    def take_back(self, message: Message) -> bool:
        delivery.discard(message)
        return True

    def record(self, message: Message, result: delivery.Result) -> None:
        record(message, result)


def parameters_of(message: Message, action: BulkAction) -> dict[str, Any]:
    return {
        "lock": locks.CHUNKS,
        "action": message.bulk_action_id,
        "workspace": message.workspace_id,
        "candidate": message.candidate_id,
        "lane": message.lane,
        "channel": message.channel,
        "address": message.address,
        "opted_out": optouts.normalized(message.address),
        "subject": message.subject,
        "body": message.body,
        "zone": action.workspace.tz.key,
    }


def record(message: Message, result: delivery.Result) -> str:
    """Write what became of it, once: the message, the outcome, the counters, the limit.

    Returns the action's status; nothing when what became of it was written before.
    """
    if result.status != MessageStatus.FAILED:
        return write_result(message, result)
    with transaction.atomic():
        action_status = write_result(message, result)
        if action_status:
            limits.give_back(message)
    return action_status


def write_result(message: Message, result: delivery.Result) -> str:
    prepare()
    with connection.cursor() as cursor:
        cursor.execute(
            RECORD,
            {
                "message": message.pk,
                "status": result.status,
                "problem": result.problem,
                "provider_id": message.provider_id[:100],
                "action": message.bulk_action_id,
                "result": Result.FAILED if result.reason else Result.CHANGED,
                **reasons_of(result),
            },
        )
        cursor.nextset()
        row = cursor.fetchone()
    return str(row[0]) if row else ""


def reasons_of(result: delivery.Result) -> dict[str, str | None]:
    """Of a new outcome, and of one that was written when the candidate was changed."""
    if result.reason is None:
        return {"reason": "", "facts": None, "changed_reason": "", "changed_facts": None}
    is_failed = result.status == MessageStatus.FAILED
    beside_change = result.reason.within(Code.NONE if is_failed else Code.NOT_CONFIRMED)
    return {
        "reason": result.reason.code,
        "facts": json.dumps(result.reason.facts) if result.reason.facts else None,
        "changed_reason": beside_change.code,
        "changed_facts": json.dumps(beside_change.facts),
    }


def settle(action: BulkAction, lane: int | None) -> None:
    """What a dead lane left as *sending*: nobody knows, so it is not sent again.

    Only for the lane itself, or when no process is that lane.
    """
    for message in Message.objects.sending().filter(bulk_action_id=action.pk, lane=lane):
        record(message, INTERRUPTED)
