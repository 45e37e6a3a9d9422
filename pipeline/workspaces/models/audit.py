"""Who did what, when and from where: written once, and then neither changed nor deleted.

The database itself refuses to (migration 0002), so that no code and no admin can.
"""

from contextvars import ContextVar
from typing import ClassVar, Self

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models.functions import Now
from django.http import HttpRequest

from pipeline.foundation.words import counted

from .membership import membership_of
from .user import User
from .workspace import Workspace

LONGEST = 250  # characters of what it was done to

# The address that the current request came from; none in a worker. Set by a middleware.
origin: ContextVar[str | None] = ContextVar("origin", default=None)
# The request itself, for what is recorded where none is at hand; none in a worker.
request_now: ContextVar[HttpRequest | None] = ContextVar("request_now", default=None)


class AuditQuerySet(models.QuerySet["AuditEntry"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """The whole workspace's, for those who run it; nothing for others."""
        membership = membership_of(user)
        if membership is None or not membership.can_audit:
            return self.none()
        return self.filter(workspace=membership.workspace_id)


class AuditEntry(models.Model):
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="audit", db_index=False)
    at = models.DateTimeField(db_default=Now())
    actor = models.ForeignKey(
        User, models.DO_NOTHING, null=True, related_name="+", db_constraint=False, db_index=False
    )
    actor_name = models.CharField(max_length=310)  # readable after the user is gone
    verb = models.CharField(max_length=40)  # "started", "canceled", "changed the role of" …
    subject = models.CharField(max_length=LONGEST)
    link = models.CharField(max_length=200, blank=True)
    address = models.GenericIPAddressField(null=True)  # the actor's

    objects = AuditQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-pk"]
        verbose_name_plural = "audit entries"
        indexes: ClassVar = [models.Index(fields=["workspace", "id"], name="audit_workspace")]

    def __str__(self) -> str:
        return f"{self.actor_name} {self.verb} {self.subject}"


def record(
    workspace: Workspace, actor: User | None, verb: str, subject: str, link: str = ""
) -> None:
    """Write in the caller's transaction what `actor` (None: Belay itself) did.

    Reads as a sentence: "Ana Ruiz" "canceled" "Move to Hired (50,000 selected)".
    """
    AuditEntry.objects.create(
        workspace=workspace,
        actor=actor,
        actor_name=str(actor) if actor else "Belay",
        verb=verb,
        subject=subject[:LONGEST],
        link=link,
        address=origin.get(),
    )


def record_download(
    actor: User, what: str, link: str, rows: int | None, verb: str = "downloaded"
) -> None:
    """Record a download of `rows` rows; None when their number isn't known yet."""
    number = "" if rows is None else f" ({counted(rows, 'row')})"
    subject = f"{what[: LONGEST - len(number)]}{number}"
    record(actor.membership.workspace, actor, verb, subject, link)
