"""A message before it goes: to which address, with which words, or why it can't go at all."""

from dataclasses import dataclass

from pipeline.candidates.models import Candidate

from . import placeholders
from .models import Channel, MessageTemplate

RELATED = ("workspace", "opening", "folder", "recruiter__user")  # what placeholders look up
NO_ADDRESS = {
    Channel.EMAIL: "Has no e-mail address.",
    Channel.SMS: "Has no phone number.",
}
OPTED_OUT = {
    Channel.EMAIL: "Has opted out of e-mails.",
    Channel.SMS: "Has opted out of SMS.",
}


class CantSend(Exception):
    """This person can't be written to; says why, in a recruiter's words."""


@dataclass(frozen=True)
class Draft:
    """A message to one address, its placeholders filled in."""

    channel: Channel
    address: str
    body: str
    subject: str = ""


def address_of(candidate: Candidate, channel: Channel) -> str:
    """Where `candidate` is written to on `channel`. Raises CantSend without such an address."""
    address = candidate.email if channel == Channel.EMAIL else candidate.phone
    if not address:
        raise CantSend(NO_ADDRESS[channel])
    return address


def draft_of(template: MessageTemplate, candidate: Candidate) -> Draft:
    """The message to `candidate`, who comes with RELATED.

    Raises CantSend where an address or a value is missing, and BadTemplate.
    """
    channel = Channel(template.channel)
    address = address_of(candidate, channel)
    try:
        rendered = placeholders.render(template, candidate)
    except placeholders.MissingValue as missing:
        raise CantSend(str(missing)) from None
    return Draft(channel, address, rendered.body, rendered.subject)
