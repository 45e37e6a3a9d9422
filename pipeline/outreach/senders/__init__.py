"""How messages leave. Which sender a channel has is a setting: EMAIL_SENDER and SMS_SENDER."""

from django.conf import settings
from django.utils.module_loading import import_string

from pipeline.outreach.models import Channel

from .base import NotSent, NotTaken, OptedOut, Sender, Unavailable, Unconfirmed

__all__ = [
    "NotSent",
    "NotTaken",
    "OptedOut",
    "Sender",
    "Unavailable",
    "Unconfirmed",
    "sender_for",
]

# Imported when asked for: Twilio's library takes a quarter of a second.
KINDS = {
    "file": "file.FileSender",
    "console": "file.ConsoleSender",
    "email": "email.EmailSender",
    "twilio": "sms.TwilioSender",
}
REACH_NOBODY = ("file", "console")


def sender_for(channel: str) -> Sender:
    """A new sender for "email" or "sms", not yet open; whoever asks closes it."""
    kind = import_string(f"{__name__}.{KINDS[kind_of(channel)]}")
    sender: Sender = kind()
    return sender


def kind_of(channel: str) -> str:
    """What the channel's setting says; config/settings.py refuses other words than KINDS."""
    return str(settings.EMAIL_SENDER if channel == Channel.EMAIL else settings.SMS_SENDER)


def reaches_nobody(channel: str) -> bool:
    """Whether messages on that channel are only written down where Belay runs."""
    return kind_of(channel) in REACH_NOBODY
