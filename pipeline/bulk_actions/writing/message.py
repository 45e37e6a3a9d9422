"""One message and its three steps, each of which may be the last.

Whatever happens in between, nobody gets it twice: it is *sending* before it leaves, and what is
found as *sending* afterwards is never sent again.
"""

from functools import partial
from typing import Any

from django.db import connection, transaction

from pipeline.bulk_actions.models import BulkAction, Outcome, Result, Status, locks
from pipeline.outreach import handing_over, limits, optouts
from pipeline.outreach.drafts import OPTED_OUT, CantSend, Draft
from pipeline.outreach.handing_over import INTERRUPTED as INTERRUPTED
from pipeline.outreach.limits import LimitReached
from pipeline.outreach.models import Message, MessageStatus
from pipeline.outreach.senders import Sender

from .apply import SqlChange, write_one
from .message_sql import BEGIN, RECORD, prepare


class Stopped(Exception):
    """The action is no longer In Progress."""


def lock_and_check_running(action: BulkAction) -> bool:
    """Whether a candidate may be processed until this transaction ends.

    The status is read by a statement after the one that takes the lock: only then does it see
    what was committed while we waited.
    """
    locks.enter_chunk(action.pk)
    with connection.cursor() as cursor:
        cursor.execute("SELECT status FROM bulk_actions_bulkaction WHERE id = %s", [action.pk])
        return bool(cursor.fetchone() == (Status.IN_PROGRESS,))


def begin(
    action: BulkAction, draft: Draft, candidate_id: int | None, lane: int | None = None
) -> Message:
    """The first step, in one round trip. Returns the Message to hand over, now *sending*.

    Raises, and has then written nothing: Stopped, LimitReached, or CantSend where this person has
    opted out or has a message of this action already.
    """
    message = Message(
        workspace_id=action.workspace_id,
        candidate_id=candidate_id,
        bulk_action_id=action.pk,
        lane=lane,
        channel=draft.channel,
        address=draft.address,
        subject=draft.subject,
        body=draft.body,
    )
    prepare()
    message.begun_at = handing_over.clock()
    with connection.cursor() as cursor:
        cursor.execute(BEGIN, parameters_of(message, action))
        cursor.nextset()
        is_wanted, has_opted_out, has_message, message.pk, message.counted_on = cursor.fetchone()
    if not is_wanted:
        raise Stopped
    if has_opted_out:
        raise CantSend(OPTED_OUT[draft.channel])
    if has_message:
        raise CantSend("This action has written to them before.")
    if message.pk is None:
        raise LimitReached(limits.standing(action.workspace, draft.channel).reached)
    message._state.adding = False
    return message


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


@transaction.atomic
def begin_with_change(
    action: BulkAction, change: SqlChange, draft: Draft, candidate_id: int, lane: int
) -> Message | None:
    """The same with a change of the candidate: both or neither.

    None where it left the candidate as it is: then there is no message either.
    """
    if not lock_and_check_running(action):
        raise Stopped
    if optouts.is_opted_out(action.workspace_id, draft.channel, draft.address):
        raise CantSend(OPTED_OUT[draft.channel])
    is_changed = write_one(action, candidate_id, change)
    return begin(action, draft, candidate_id, lane) if is_changed else None


def hand_over(sender: Sender, message: Message) -> str:
    """The second and the third step. Returns the action's status as it is afterwards.

    Raises Unavailable when the provider can't be reached any more, and Stopped when the action was
    stopped while this process stood still: nothing was handed over then.
    """
    try:
        result = handing_over.hand_over(sender, message, partial(is_still_wanted, message))
    except handing_over.NoLongerWanted:
        withdraw(message)
        raise Stopped from None
    return record(message, *result)


@transaction.atomic
def is_still_wanted(message: Message) -> bool:
    assert message.bulk_action_id
    locks.enter_chunk(message.bulk_action_id)
    in_progress = BulkAction.objects.filter(pk=message.bulk_action_id, status=Status.IN_PROGRESS)
    return in_progress.exists() and Message.objects.sending().filter(pk=message.pk).exists()


def withdraw(message: Message) -> None:
    """It was not handed over, and will not be. A candidate that was changed with it stays so."""
    written = Outcome.objects.filter(
        action=message.bulk_action_id, candidate=message.candidate_id
    ).exists()
    if written:
        record(message, MessageStatus.FAILED, "The action was stopped before it left.")
    else:
        take_back(message)


def record(message: Message, status: MessageStatus, problem: str = "") -> str:
    """Write what became of it, once: the message, the outcome, the counters, the limit.

    Returns the action's status; nothing when what became of it was written before.
    """
    if status != MessageStatus.FAILED:
        return write_result(message, status, problem)
    with transaction.atomic():
        action_status = write_result(message, status, problem)
        if action_status:
            limits.give_back(message)
    return action_status


def write_result(message: Message, status: MessageStatus, problem: str) -> str:
    prepare()
    with connection.cursor() as cursor:
        cursor.execute(
            RECORD,
            {
                "message": message.pk,
                "status": status,
                "problem": problem,
                "provider_id": message.provider_id[:100],
                "action": message.bulk_action_id,
                "result": Result.CHANGED if status == MessageStatus.SENT else Result.FAILED,
            },
        )
        cursor.nextset()
        row = cursor.fetchone()
    return str(row[0]) if row else ""


@transaction.atomic
def take_back(message: Message) -> None:
    """As if it had never been begun: nothing was handed over."""
    if Message.objects.sending().filter(pk=message.pk).delete()[0]:
        limits.give_back(message)


def settle(action: BulkAction, lane: int | None) -> None:
    """What a dead lane left as *sending*: nobody knows, so it is not sent again.

    Only for the lane itself, or when no process is that lane.
    """
    for message in Message.objects.sending().filter(bulk_action_id=action.pk, lane=lane):
        record(message, MessageStatus.UNCONFIRMED, INTERRUPTED)
