"""Hands one message to its provider, and says what is known of it afterwards.

It was written down as *sending* before: whatever happens here, nobody gets it twice.
"""

import logging
import time
from collections.abc import Callable

from rq.timeouts import BaseTimeoutException

from .models import Message, MessageStatus
from .senders import NotTaken, Sender, Unavailable, Unconfirmed

log = logging.getLogger(__name__)

INTERRUPTED = (
    "Handed over when the work was interrupted: it may or may not have arrived,"
    " and is not sent again by itself."
)
FRESH_SECONDS = 1.0  # for so long after its first step a message goes without a second question


class NoLongerWanted(Exception):
    """Whoever sends it was stopped after its first step; nothing was handed over."""


def clock() -> float:
    """Seconds, by a clock that goes on while a process is frozen or its machine asleep."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def hand_over(
    sender: Sender, message: Message, is_still_wanted: Callable[[], bool]
) -> tuple[MessageStatus, str]:
    """What became of it, and the problem where it is not sent. `message` then has its provider_id.

    A process that was frozen after the first step (`message.begun_at`) may have missed a cancel: it
    asks again, `is_still_wanted`. To be called with no lock held, as it takes as long as the
    provider thinks. Raises NoLongerWanted, and Unavailable when the provider can't be reached any
    more; nothing was handed over then.
    """
    while clock() - message.begun_at > FRESH_SECONDS:
        message.begun_at = clock()
        if not is_still_wanted():
            raise NoLongerWanted
    try:
        message.provider_id = sender.send(message)
    except NotTaken as reason:
        return MessageStatus.FAILED, str(reason)
    except Unconfirmed as reason:
        return MessageStatus.UNCONFIRMED, str(reason)
    except (Unavailable, BaseTimeoutException):
        raise
    except Exception:
        log.exception("Message %s", message.pk)
        return MessageStatus.UNCONFIRMED, INTERRUPTED
    return MessageStatus.SENT, ""
