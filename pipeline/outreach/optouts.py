"""Who wants no messages: by address, so that it holds for all of a person's applications."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef
from django.db.models.functions import Lower

from pipeline.candidates.models import Candidate, CandidateQuerySet
from pipeline.workspaces.models import User, Workspace

from .models import PLURALS, Channel, OptOut

FIELD = {Channel.EMAIL: "email", Channel.SMS: "phone"}


def address_of(candidate: Candidate, channel: str) -> str:
    """Where messages on that channel go: a lower-case e-mail, a phone in E.164, or nothing."""
    address = candidate.email if channel == Channel.EMAIL else candidate.phone
    return normalized(address)


def normalized(address: str) -> str:
    """As OptOut keeps it. Candidates' phones are in E.164 already."""
    return address.strip().lower()


def is_opted_out(workspace_id: int, channel: str, address: str) -> bool:
    return OptOut.objects.filter(
        workspace=workspace_id, channel=channel, address=normalized(address)
    ).exists()


def opted_out(candidates: CandidateQuerySet, channel: str) -> CandidateQuerySet:
    """Those of `candidates`, all of one or of several workspaces, who want no such messages."""
    field = FIELD[Channel(channel)]
    theirs = OptOut.objects.filter(
        workspace=OuterRef("workspace"), channel=channel, address=Lower(OuterRef(field))
    )
    return candidates.filter(Exists(theirs))


def opt_out(workspace: Workspace, channel: str, address: str) -> bool:
    """Stop messages to `address`. False when they were stopped already."""
    _, is_new = OptOut.objects.get_or_create(
        workspace=workspace, channel=channel, address=normalized(address)
    )
    return is_new


def opt_in(workspace: Workspace, channel: str, address: str) -> bool:
    """Allow messages to `address` again. False when they were allowed."""
    deleted, _ = OptOut.objects.filter(
        workspace=workspace, channel=channel, address=normalized(address)
    ).delete()
    return bool(deleted)


@dataclass(frozen=True)
class Choice:
    """Whether a candidate gets messages on a channel."""

    channel: Channel
    is_stopped: bool

    @property
    def plural(self) -> str:
        return PLURALS[self.channel]


def fragment(candidate: Candidate, user: User) -> dict[str, Any]:
    """What outreach/_opt_outs.html shows of a candidate whom `user` sees, in one query."""
    stopped = set(
        OptOut.objects.filter(workspace=candidate.workspace_id)
        .filter(address__in=[address_of(candidate, channel) for channel in Channel])
        .values_list("channel", "address")
    )
    choices = [
        Choice(channel, (channel.value, address_of(candidate, channel)) in stopped)
        for channel in Channel
        if address_of(candidate, channel)
    ]
    return {
        "candidate": candidate,
        "choices": choices,
        "can_change": user.membership.can_start,
    }
