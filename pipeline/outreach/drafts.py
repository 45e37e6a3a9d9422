"""A message before it goes: to which address, with which words, or why it can't go at all."""

from dataclasses import dataclass

from pipeline.candidates.models import Candidate

from . import optouts, placeholders
from .models import Channel, MessageTemplate
from .reasons import CantSend, no_address, opted_out

RELATED = ("workspace", "opening", "folder", "recruiter__user")  # what placeholders look up


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
        raise CantSend(no_address(channel))
    return address


def draft_of(template: MessageTemplate, candidate: Candidate) -> Draft:
    """The message to `candidate`, who comes with RELATED.

    Raises CantSend where an address or a value is missing, and BadTemplate.
    """
    channel = Channel(template.channel)
    address = address_of(candidate, channel)
    rendered = placeholders.render(template, candidate)
    return Draft(channel, address, rendered.body, rendered.subject)


def refuse_opted_out(workspace_id: int, draft: Draft) -> None:
    """Raise CantSend where the address wants no messages on the draft's channel."""
    if optouts.is_opted_out(workspace_id, draft.channel, draft.address):
        raise CantSend(opted_out(draft.channel))
