"""Campaigns: what tasks for agents, and messages, come from."""

from typing import Any, ClassVar, Self

from django.contrib.auth.models import AnonymousUser
from django.db import models, transaction
from django.db.models import Max
from django.db.models.functions import Now
from django.urls import reverse

from pipeline.foundation.lifecycle import move
from pipeline.workspaces.models import User, Workspace, membership_of
from pipeline.workspaces.models.audit import record


class CampaignChannel(models.TextChoices):
    PHONE = "phone", "Phone call"
    SMS = "sms", "SMS"
    EMAIL = "email", "E-mail"


class CampaignWork(models.TextChoices):
    AGENTS = "agents", "Agent work"  # its tasks wait in the queue for an agent
    AUTOMATED = "automated", "Automated"  # its messages go by themselves; it has no tasks


class CampaignState(models.TextChoices):
    DRAFT = "draft", "Draft"  # being set up; gets no tasks yet
    READY = "ready", "Ready"  # its tasks are offered to agents
    PAUSED = "paused", "Paused"  # its tasks wait, and nobody is given one


MOVES: dict[str, dict[str, str]] = {
    # verb: {from: to}; no way leads back to a draft, which has no tasks
    "make_ready": {CampaignState.DRAFT: CampaignState.READY},
    "pause": {CampaignState.READY: CampaignState.PAUSED},
    "resume": {CampaignState.PAUSED: CampaignState.READY},
}
TOLD = {"make_ready": "made ready", "pause": "paused", "resume": "resumed"}


class Priority(models.IntegerChoices):
    """Higher goes first."""

    LOW = 1, "Low"
    NORMAL = 2, "Normal"
    HIGH = 3, "High"
    URGENT = 4, "Urgent"


class CampaignQuerySet(models.QuerySet["Campaign"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        membership = membership_of(user)
        return self.filter(workspace=membership.workspace_id) if membership else self.none()

    def ready(self) -> Self:
        return self.filter(state=CampaignState.READY)

    def for_agents(self) -> Self:
        """Those that may get tasks: agents' work, and set up."""
        return self.filter(work=CampaignWork.AGENTS).exclude(state=CampaignState.DRAFT)

    @transaction.atomic
    def launch(self, workspace: Workspace, **fields: Any) -> "Campaign":
        """A new campaign, with the workspace's next number."""
        Workspace.objects.select_for_update().get(pk=workspace.pk)
        last = self.filter(workspace=workspace).aggregate(last=Max("number", default=0))["last"]
        return self.create(workspace=workspace, number=last + 1, **fields)


class Campaign(models.Model):
    """An outreach effort on one channel."""

    MOVES: ClassVar = MOVES

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="campaigns")
    number = models.PositiveIntegerField(editable=False)
    name = models.CharField(max_length=100)
    channel = models.CharField(max_length=10, choices=CampaignChannel)
    work = models.CharField(
        "done by", max_length=10, choices=CampaignWork, default=CampaignWork.AGENTS
    )
    state = models.CharField(max_length=10, choices=CampaignState, default=CampaignState.DRAFT)
    priority = models.PositiveSmallIntegerField(
        choices=Priority,
        default=Priority.NORMAL,
        help_text="Of the tasks that it gets from now on.",
    )
    created_at = models.DateTimeField(db_default=Now())

    objects = CampaignQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["workspace", "number"], name="campaign_number_unique"),
            models.UniqueConstraint(fields=["workspace", "name"], name="campaign_name_unique"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("campaigns:campaign", args=[self.pk])

    @property
    def short_id(self) -> str:
        """How people speak of it: "C12"."""
        return f"C{self.number}"

    @property
    def is_draft(self) -> bool:
        """What it is can still be changed: it has no tasks yet."""
        return self.state == CampaignState.DRAFT

    @property
    def is_for_agents(self) -> bool:
        return self.work == CampaignWork.AGENTS

    @property
    def can_pause(self) -> bool:
        return self.state in MOVES["pause"]

    @property
    def can_resume(self) -> bool:
        return self.state in MOVES["resume"]

    @transaction.atomic
    def move(self, verb: str, by: User) -> bool:
        """Do `make_ready`, `pause` or `resume`, with a line in the audit. False if too late.

        Afterwards this object is as the database has it.
        """
        moved = move(self, MOVES, verb)
        if moved:
            self.record(by, TOLD[verb])
        return moved

    def record(self, by: User, done: str, more: str = "", link: str | None = None) -> None:
        """A line in the audit: "paused the campaign C12 Win back"."""
        subject = f"{self.short_id} {self}{more}"
        link = self.get_absolute_url() if link is None else link
        record(self.workspace, by, f"{done} the campaign", subject, link)
