"""One message and its three steps, each of which may be the last.

Whatever happens in between, nobody gets it twice: it is *sending* before it leaves, and what is
found as *sending* afterwards is never sent again.
"""

import logging
from typing import Any
from weakref import WeakSet

from django.db import connection, transaction
from rq.timeouts import BaseTimeoutException

from pipeline.outreach import limits, optouts
from pipeline.outreach.limits import LimitReached
from pipeline.outreach.models import Message, MessageStatus
from pipeline.outreach.senders import NotTaken, Sender, Unavailable, Unconfirmed

from . import locks
from .models import BulkAction, Result, Status
from .operations import CantSend, Draft, SendingOperation
from .operations.drafts import OPTED_OUT
from .writing import write_one

log = logging.getLogger(__name__)

INTERRUPTED = (
    "Handed over when the work was interrupted: it may or may not have arrived,"
    " and is not sent again by itself."
)


class Stopped(Exception):
    """The action is no longer In Progress."""


def has_leave(action: BulkAction) -> bool:
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
    with connection.cursor() as cursor:
        cursor.execute(BEGIN, parameters_of(message))
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


def prepare() -> None:
    """Have both statements planned, once for each connection: that takes longer than they do."""
    connection.ensure_connection()
    if connection.connection in prepared:
        return
    with connection.cursor() as cursor:
        cursor.execute(PREPARE)
    prepared.add(connection.connection)


def parameters_of(message: Message) -> dict[str, Any]:
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
    }


@transaction.atomic
def begin_with_change(
    action: BulkAction, operation: SendingOperation, draft: Draft, candidate_id: int, lane: int
) -> Message | None:
    """The same for an operation that changes the candidate, too: both or neither.

    None where it left the candidate as it is: then there is no message either.
    """
    if not has_leave(action):
        raise Stopped
    if optouts.is_opted_out(action.workspace_id, draft.channel, draft.address):
        raise CantSend(OPTED_OUT[draft.channel])
    is_changed = write_one(action, candidate_id, operation.apply())
    return begin(action, draft, candidate_id, lane) if is_changed else None


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
    if message.delete()[0]:
        limits.give_back(message)


def settle(action: BulkAction, lane: int | None) -> None:
    """What a dead lane left as *sending*: nobody knows, so it is not sent again.

    Only for the lane itself, or when no process is that lane.
    """
    for message in Message.objects.sending().filter(bulk_action_id=action.pk, lane=lane):
        record(message, MessageStatus.UNCONFIRMED, INTERRUPTED)


def as_prepared(name: str, types: dict[str, str], sql: str) -> str:
    """PREPARE for a statement with named parameters, in the order of `types`."""
    places = {parameter: f"${n}" for n, parameter in enumerate(types, start=1)}
    return f"PREPARE {name} ({', '.join(types.values())}) AS {sql % places}"


def execution_of(name: str, types: dict[str, str]) -> str:
    return f"EXECUTE {name} ({', '.join(f'%({parameter})s' for parameter in types)})"


prepared: WeakSet[Any] = WeakSet()  # connections that know both statements

BEGIN_TYPES = {
    "action": "int",
    "workspace": "bigint",
    "candidate": "bigint",
    "lane": "smallint",
    "channel": "text",
    "address": "text",
    "opted_out": "text",
    "subject": "text",
    "body": "text",
}
BEGIN_PLAN = """
WITH looked AS (
    SELECT status = 'in_progress' AS is_wanted,
        %(candidate)s IS NOT NULL AND EXISTS (
            SELECT FROM outreach_optout
            WHERE workspace_id = %(workspace)s AND channel = %(channel)s AND address = %(opted_out)s
        ) AS has_opted_out,
        EXISTS (
            SELECT FROM outreach_message WHERE bulk_action_id = %(action)s
            AND candidate_id = %(candidate)s
        ) AS has_message
    FROM bulk_actions_bulkaction WHERE id = %(action)s
), allowed AS (
    SELECT FROM looked WHERE is_wanted AND NOT has_opted_out AND NOT has_message
), {reserved}, written AS (
    INSERT INTO outreach_message (
        workspace_id, candidate_id, bulk_action_id, lane, channel, address, subject, body, status,
        problem, provider_id, counted_on
    )
    SELECT %(workspace)s, %(candidate)s, %(action)s, %(lane)s, %(channel)s, %(address)s,
        %(subject)s, %(body)s, 'sending', '', '', today
    FROM reserved RETURNING id
)
SELECT is_wanted, has_opted_out, has_message,
    (SELECT id FROM written), (SELECT today FROM reserved)
FROM looked
""".replace("{reserved}", limits.RESERVED)
# Two statements, sent as one: the second sees what was committed while the first waited for the
# lock. Outside of a transaction they are one by themselves.
BEGIN = f"""
SELECT pg_advisory_xact_lock_shared(%(lock)s::int, %(action)s::int);
{execution_of("belay_begin", BEGIN_TYPES)}
"""

RECORD_TYPES = {
    "message": "bigint",
    "status": "text",
    "problem": "text",
    "provider_id": "text",
    "action": "int",
    "result": "smallint",
}
# Where the candidate was changed with the message's first step, the outcome is there already: then
# only what became of the message is added to it.
RECORD_PLAN = """
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
# Its commit need not reach the disk at once: a server that crashes before the next message's first
# step brings it there makes this one unconfirmed, as if the crash had come a moment sooner.
RECORD = f"""
SELECT set_config('synchronous_commit', 'off', true);
{execution_of("belay_record", RECORD_TYPES)}
"""
PREPARE = ";".join(
    (
        as_prepared("belay_begin", BEGIN_TYPES, BEGIN_PLAN),
        as_prepared("belay_record", RECORD_TYPES, RECORD_PLAN),
    )
)
