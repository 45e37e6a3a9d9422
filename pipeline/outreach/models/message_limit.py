"""How many messages may go, how fast, and how many went."""

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now

from pipeline.workspaces.models import Workspace

from .channel import Channel


class Period(models.TextChoices):
    """In the workspace's time zone."""

    DAY = "day", "day"
    MONTH = "month", "calendar month"
    YEAR = "year", "calendar year"


class MessageLimit(models.Model):
    """How many messages a workspace may send on a channel in a period, and how fast."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="message_limits")
    channel = models.CharField(max_length=10, choices=Channel)
    number = models.PositiveIntegerField(null=True, blank=True, help_text="Empty for no limit.")
    period = models.CharField(max_length=5, choices=Period, default=Period.MONTH)
    per_second = models.PositiveIntegerField(
        null=True,
        blank=True,
        default=20,
        help_text="Messages a second, over all lanes and machines; empty for as fast as possible.",
    )
    # The moment from which the next message may go: the rate, shared by all lanes.
    next_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["workspace", "channel"], name="limit_unique")
        ]

    def __str__(self) -> str:
        return f"{self.get_channel_display()} limit of {self.workspace}"


class MessageUse(models.Model):
    """How many messages were reserved in a day, month or year. Here is where all lanes meet.

    All three are counted, limit or not, so that a limit set or changed later knows what has gone.
    """

    pk = models.CompositePrimaryKey("workspace_id", "channel", "period", "begins_on")
    workspace = models.ForeignKey(Workspace, models.CASCADE, db_index=False)
    channel = models.CharField(max_length=10, choices=Channel)
    period = models.CharField(max_length=5, choices=Period)
    begins_on = models.DateField()
    used = models.PositiveIntegerField(default=0)
