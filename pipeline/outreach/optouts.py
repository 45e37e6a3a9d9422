"""Who wants no messages: by address, so that it holds for all of a person's applications."""

from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef
from django.db.models.functions import Lower

from pipeline.candidates.addresses import normal_email
from pipeline.candidates.models import Candidate, CandidateQuerySet
from pipeline.workspaces.models import User, Workspace

from .models import PLURALS, Contact, OptOut

FIELD: dict[str, str] = {Contact.EMAIL: "email", Contact.SMS: "phone", Contact.CALL: "phone"}


def address_of(candidate: Candidate, channel: str) -> str:
    """Where messages or calls go: an e-mail in lower case, a phone in E.164, or nothing."""
    return normalized(getattr(candidate, FIELD[Contact(channel)]))


def normalized(address: str) -> str:
    """As OptOut keeps it, however the address is spelled. Candidates' phones are in E.164."""
    return (normal_email(address.strip()) if "@" in address else "") or address.strip().lower()


def is_opted_out(workspace_id: int, channel: str, address: str) -> bool:
    return OptOut.objects.filter(
        workspace=workspace_id, channel=channel, address=normalized(address)
    ).exists()


def opted_out(candidates: CandidateQuerySet, channel: str) -> CandidateQuerySet:
    """Those of `candidates`, all of one or of several workspaces, who want no such messages."""
    field = FIELD[Contact(channel)]
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


def write_imported(workspace_id: int, **_: Any) -> None:
    """The opt-outs of an import, in its transaction: see candidates.signals.people_merged.

    None is ever taken back by an import.
    """
    with connection.cursor() as cursor:
        cursor.execute(IMPORTED, [workspace_id])


IMPORTED = """
INSERT INTO outreach_optout (workspace_id, channel, address)
SELECT DISTINCT %s::bigint, channel, address FROM opted_out ORDER BY channel, address
ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True)
class Choice:
    """Whether a candidate gets messages on a channel, or calls."""

    channel: Contact
    is_stopped: bool

    @property
    def plural(self) -> str:
        return PLURALS[self.channel]


def fragment(candidate: Candidate, user: User) -> dict[str, Any]:
    """What outreach/_opt_outs.html shows of a candidate whom `user` sees, in one query."""
    stopped = set(
        OptOut.objects.filter(workspace=candidate.workspace_id)
        .filter(address__in=[address_of(candidate, channel) for channel in Contact])
        .values_list("channel", "address")
    )
    choices = [
        Choice(channel, (channel.value, address_of(candidate, channel)) in stopped)
        for channel in Contact
        if address_of(candidate, channel)
    ]
    return {
        "candidate": candidate,
        "choices": choices,
        "can_change": user.membership.can_start,
    }
