"""Who wants no messages: by address, so that it holds for all of a person's applications."""

from django.db.models import Exists, OuterRef
from django.db.models.functions import Lower

from pipeline.candidates.models import Candidate, CandidateQuerySet
from pipeline.workspaces.models import Workspace

from .models import Channel, OptOut

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
