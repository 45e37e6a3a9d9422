"""Who may send events, and the events that were taken."""

import hashlib
import secrets
from datetime import timedelta
from typing import Any, ClassVar, Self

from django.contrib.auth.models import AnonymousUser
from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Now

from pipeline.candidates.models import Candidate
from pipeline.workspaces.models import User, Workspace, membership_of, visible_rows
from pipeline.workspaces.models.audit import record

from .event_types import EventType
from .task import Task

SHOWN = len("belay_") + 6  # characters of a token by which people know it again
MINUTE = timedelta(minutes=1)


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        membership = membership_of(user)
        return self.filter(workspace=membership.workspace_id) if membership else self.none()

    def active(self) -> Self:
        return self.filter(revoked_at=None)

    def of(self, secret: str) -> "ApiToken | None":
        """The active token that `secret` is.

        Found by its digest: how long the look-up takes tells nothing of how near a guess was.
        """
        return self.active().select_related("workspace").filter(digest=digest_of(secret)).first()

    @transaction.atomic
    def issue(self, workspace: Workspace, name: str, by: User) -> tuple["ApiToken", str]:
        """A new token, and its secret, which is kept nowhere."""
        secret = f"belay_{secrets.token_urlsafe(32)}"
        token = self.create(
            workspace=workspace,
            name=name,
            digest=digest_of(secret),
            first_characters=secret[:SHOWN],
            created_by=by,
        )
        record(workspace, by, "created the API token", str(token))
        return token, secret


def digest_of(secret: str) -> str:
    """No slow hash as for passwords: nobody guesses 256 random bits."""
    return hashlib.sha256(secret.encode()).hexdigest()


class ApiToken(models.Model):
    """Lets one other system tell of what happened in one workspace."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="api_tokens")
    name = models.CharField("sending system", max_length=100)
    digest = models.CharField(max_length=64, unique=True, editable=False)  # SHA-256, in hex
    first_characters = models.CharField(max_length=SHOWN, editable=False)
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-pk"]
        verbose_name = "API token"

    def __str__(self) -> str:
        return f"{self.name} ({self.first_characters}…)"

    @transaction.atomic
    def revoke(self, by: User) -> bool:
        """Refuse what it sends from now on. False when it was revoked already."""
        revoked = ApiToken.objects.active().filter(pk=self.pk).update(revoked_at=Now())
        self.refresh_from_db()
        if revoked:
            record(self.workspace, by, "revoked the API token", str(self))
        return bool(revoked)

    def note_use(self) -> None:
        """Write that it was used; once a minute at most, however many events come."""
        fresh = Q(last_used_at__gte=Now() - MINUTE)
        ApiToken.objects.exclude(fresh).filter(pk=self.pk).update(last_used_at=Now())


class InboundEventQuerySet(models.QuerySet["InboundEvent"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Those of the user's workspace; of a limited member, about candidates in its openings."""
        return visible_rows(self, user, "candidate__opening")


class InboundEvent(models.Model):
    """An event that was taken; one that was refused is kept nowhere."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+", db_index=False)
    token = models.ForeignKey(ApiToken, models.CASCADE, related_name="events", db_index=False)
    event_id = models.CharField("the sender's id", max_length=100)
    type = models.CharField(max_length=30, choices=EventType)
    candidate = models.ForeignKey(Candidate, models.CASCADE, related_name="+")
    task = models.ForeignKey(Task, models.SET_NULL, null=True, related_name="inbound_events")
    payload = models.JSONField(help_text="As it was sent.")
    answer = models.JSONField(default=dict, help_text="What the sender was told.")
    received_at = models.DateTimeField(db_default=Now())

    objects = InboundEventQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-pk"]
        indexes: ClassVar = [models.Index(fields=["workspace", "id"], name="event_workspace")]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["token", "event_id"], name="event_id_unique")
        ]

    def __str__(self) -> str:
        return f"{self.get_type_display()} {self.event_id}"

    @property
    def canceled(self) -> list[int]:
        """The tasks that it took back."""
        return list(self.answer.get("canceled", ()))

    def tell(self, answer: dict[str, Any], task: Task | None) -> None:
        """Keep what the sender is told about it."""
        self.answer, self.task = answer, task
        self.save(update_fields=["answer", "task"])
