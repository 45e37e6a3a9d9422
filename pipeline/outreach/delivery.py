"""Delivers one message for its owner: a bulk action, a run of a journey, a share.

It takes three steps, each of which may be the last:
1. *May it go?* The owner looks under its own lock whether it still goes on, and whether this person
   may be written to. In the same transaction one unit of the limit is reserved, and the message
   written as *sending*.
2. Without any lock, so that a provider that hangs delays no cancel, it is handed over.
3. *What became of it?* The owner writes it: *sent*, *failed* or *unconfirmed*.

What dies between the first and the last leaves a message as *sending*. Its owner finds it when
nobody can be at it any more, and records it as INTERRUPTED. Nobody gets a message twice.
"""

import logging
import time
from abc import ABC, abstractmethod
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models.functions import Now
from rq.timeouts import BaseTimeoutException

from . import limits, optouts
from .drafts import Draft
from .models import Message, MessageStatus
from .pace import SOON_SECONDS, Pace
from .reasons import CantSend, Code, Reason, said_of_provider
from .senders import NotTaken, OptedOut, Sender, Unavailable, Unconfirmed

log = logging.getLogger(__name__)

FRESH_SECONDS = 1.0  # for so long after its first step a message goes without a second question


class Stopped(Exception):
    """The owner goes on no longer. Nothing is handed over after this."""


class Result(NamedTuple):
    """What became of a message, and why where it is not *sent*."""

    status: MessageStatus
    reason: Reason | None = None

    @property
    def problem(self) -> str:
        return str(self.reason or "")


SENT = Result(MessageStatus.SENT)
INTERRUPTED = Result(MessageStatus.UNCONFIRMED, Reason(Code.INTERRUPTED))


class Owner(ABC):
    """Whose message it is: says whether it may go, and writes what became of it."""

    @abstractmethod
    def draft(self) -> Draft:
        """What to send. Raises CantSend."""

    @abstractmethod
    def begin(self, draft: Draft) -> Message | None:
        """The first step, committed: the message, now *sending*. None where none is to go.

        Raises Stopped, CantSend or LimitReached, and has then written nothing.
        """

    @abstractmethod
    def is_still_wanted(self, message: Message) -> bool:
        """Whether a message that was begun a while ago may still go."""

    @abstractmethod
    def take_back(self, message: Message) -> bool:
        """Undo the first step, as nothing was handed over. False where that can't be undone."""

    @abstractmethod
    def refuse(self, reason: Reason) -> None:
        """Write why this person gets no message. None was begun."""

    @abstractmethod
    def record(self, message: Message, result: Result) -> None:
        """Write what became of it, once: not when that was written before."""


def deliver(
    owner: Owner, sender: Sender, pace: Pace, within: float | None = SOON_SECONDS
) -> Message | None:
    """Take all three steps. Returns the message, whatever became of it; None where none was begun.

    To be called with no lock held: it takes as long as the provider thinks, and waits for a slot of
    `pace` that comes `within` so many seconds. Nothing was handed over, and nothing of the limit
    used, where this raises NotYet, LimitReached, Unavailable or Stopped; but Stopped may also come
    from an owner that was stopped while the provider thought, and has recorded the result.
    """
    try:
        message = first_step(owner, sender, pace, within)
    except CantSend as refusal:
        owner.refuse(refusal.reason)
        return None
    if message is None:
        return None
    try:
        result = hand_over(owner, sender, message)
    except Stopped:
        if owner.take_back(message):
            raise
        result = Result(MessageStatus.FAILED, Reason(Code.STOPPED))
    except Unavailable as problem:
        if owner.take_back(message):
            raise
        result = Result(MessageStatus.FAILED, said_of_provider(problem))
    owner.record(message, result)
    return message


def first_step(owner: Owner, sender: Sender, pace: Pace, within: float | None) -> Message | None:
    draft = owner.draft()
    sender.open()
    if seconds := pace.wait(within):
        time.sleep(seconds)
    begun_at = clock()
    message = owner.begin(draft)
    if message is not None:
        message.begun_at = begun_at
    return message


def hand_over(owner: Owner, sender: Sender, message: Message) -> Result:
    """The second step; afterwards `message` has its provider_id.

    A process that was frozen after the first one (`message.begun_at`) may have missed a cancel: it
    asks again. Raises Stopped or Unavailable, and has then handed nothing over.
    """
    while clock() - message.begun_at > FRESH_SECONDS:
        message.begun_at = clock()
        if not owner.is_still_wanted(message):
            raise Stopped
    try:
        message.provider_id = sender.send(message)
    except OptedOut as problem:
        optouts.opt_out(message.workspace, message.channel, message.address)
        return Result(MessageStatus.FAILED, said_of_provider(problem))
    except NotTaken as problem:
        return Result(MessageStatus.FAILED, said_of_provider(problem))
    except Unconfirmed as problem:
        return Result(MessageStatus.UNCONFIRMED, said_of_provider(problem))
    except (Unavailable, BaseTimeoutException):
        raise
    except Exception:
        log.exception("Message %s", message.pk)
        return INTERRUPTED
    return SENT


def clock() -> float:
    """Seconds, by a clock that goes on while a process is frozen or its machine asleep."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


# --- what owners write, most in transactions of theirs ---


def write_sending(draft: Draft, **of_owner: Any) -> Message:
    """The message as *sending*, reserved from the limit. Raises LimitReached.

    Best called last in the caller's transaction: the counters are where all processes meet.
    """
    day = limits.reserve(of_owner["workspace"], draft.channel)
    return Message.objects.create(
        channel=draft.channel,
        address=draft.address,
        subject=draft.subject,
        body=draft.body,
        counted_on=day,
        **of_owner,
    )


@transaction.atomic(savepoint=False)
def write_result(message: Message, result: Result) -> bool:
    """What became of a message that is *sending*. False where that was written before."""
    is_first = Message.objects.sending().filter(pk=message.pk)
    won = is_first.update(
        status=result.status,
        problem=result.problem,
        provider_id=message.provider_id[:100],
        ended_at=Now(),
    )
    if won and result.status == MessageStatus.FAILED:
        limits.give_back(message)
    return bool(won)


@transaction.atomic(savepoint=False)
def discard(message: Message) -> bool:
    """As if it had never been begun: nothing was handed over. False where its result is written."""
    is_deleted = bool(Message.objects.sending().filter(pk=message.pk).delete()[0])
    if is_deleted:
        limits.give_back(message)
    return is_deleted
