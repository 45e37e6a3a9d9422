"""How many links to choose a password may be mailed in a day: they go to people outside."""

from django.conf import settings
from django.db import transaction

from pipeline.foundation.quotas import QuotaReached, full_until, one_at_a_time
from pipeline.workspaces.models.audit import AuditEntry, record

from .models import Membership, User, Workspace

# What the audit says of each: there they are counted.
ADDED, SENT_AGAIN = "added", "sent another link to choose a password"
NOT_SENT = "could not send the link to choose one"
RECENT = 10_000  # entries of the audit that are looked through


def check_exactly(workspace: Workspace, member: Membership | None = None) -> None:
    """Raise QuotaReached where the workspace, or `member` who is sent another, has had enough.

    To be asked in the transaction that records the next one: others of the workspace wait for its
    end, so of several at the same moment only as many pass as there is room for.
    """
    one_at_a_time(workspace.pk)
    recent = AuditEntry.objects.filter(workspace=workspace).order_by("-pk").values("pk")[:RECENT]
    sent = AuditEntry.objects.filter(pk__in=recent, verb__in=(ADDED, SENT_AGAIN))
    most = settings.INVITATIONS_PER_WORKSPACE
    if until := full_until(sent, "at", most):
        raise QuotaReached(
            f"Your workspace has sent {most:,} password links in the last 24 hours, "
            f"the maximum. Nothing was sent. Try again after {until}."
        )
    if member is None:
        return
    most = settings.INVITATIONS_PER_PERSON
    theirs = sent.filter(verb=SENT_AGAIN, subject=to(member))
    if until := full_until(theirs, "at", most):
        raise QuotaReached(
            f"{member.user.email} was sent {most:,} more links in the last 24 hours, "
            f"the maximum. Nothing was sent. Ask them to look for the newest e-mail, "
            f"also in their spam folder, or try again after {until}."
        )


@transaction.atomic
def record_another(member: Membership, by: User) -> None:
    """Record another link before it is sent, in a short transaction. Raises QuotaReached.

    A mail server may take long, and nobody else's click should wait for it.
    """
    check_exactly(member.workspace, member)
    record(member.workspace, by, SENT_AGAIN, to(member))


def to(member: Membership) -> str:
    return f"to {member.user} ({member.user.email})"[:250]
