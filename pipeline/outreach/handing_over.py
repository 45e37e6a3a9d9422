"""Hands one message to its provider, and says what is known of it afterwards.

It was written down as *sending* before: whatever happens here, nobody gets it twice.
"""

import logging

from rq.timeouts import BaseTimeoutException

from .models import Message, MessageStatus
from .senders import NotTaken, Sender, Unavailable, Unconfirmed

log = logging.getLogger(__name__)

INTERRUPTED = (
    "Handed over when the work was interrupted: it may or may not have arrived,"
    " and is not sent again by itself."
)


def hand_over(sender: Sender, message: Message) -> tuple[MessageStatus, str]:
    """What became of it, and the problem where it is not sent. `message` then has its provider_id.

    To be called with no lock held, as it takes as long as the provider thinks. Raises Unavailable
    when the provider can't be reached any more and nothing was handed over.
    """
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
