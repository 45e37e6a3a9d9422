"""Messages to candidates: their templates, what was sent, who wants none, and how many may go."""

from typing import ClassVar, Self

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from pipeline.candidates.models import Candidate
from pipeline.workspaces.models import User, Workspace, membership_of


class Channel(models.TextChoices):
    EMAIL = "email", "E-mail"
    SMS = "sms", "SMS"


# Many of them, within a sentence.
PLURALS = {Channel.EMAIL: "e-mails", Channel.SMS: "SMS"}


class MessageTemplateQuerySet(models.QuerySet["MessageTemplate"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        membership = membership_of(user)
        return self.filter(workspace=membership.workspace_id) if membership else self.none()


class MessageTemplate(models.Model):
    """A text with placeholders like {first_name}; see placeholders.py for which there are."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="message_templates")
    name = models.CharField(max_length=100)
    channel = models.CharField(max_length=10, choices=Channel)
    subject = models.CharField(max_length=200, blank=True, help_text="Of an e-mail.")
    body = models.TextField()

    objects = MessageTemplateQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["workspace", "name"], name="template_name_unique")
        ]

    def __str__(self) -> str:
        return self.name


class MessageStatus(models.TextChoices):
    SENDING = "sending", "Sending"  # handed, or about to be handed, to the provider
    SENT = "sent", "Sent"  # the provider took it
    FAILED = "failed", "Failed"  # the provider definitely did not take it
    UNCONFIRMED = "unconfirmed", "Unconfirmed"  # nobody knows; never sent again by itself


class MessageQuerySet(models.QuerySet["Message"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Those to candidates that the user may see."""
        return self.filter(candidate__in=Candidate.objects.visible_to(user))

    def sending(self) -> Self:
        return self.filter(status=MessageStatus.SENDING)


class Message(models.Model):
    """One SMS or e-mail. Written before it is handed to the provider, so that none goes twice.

    `candidate` is empty for an e-mail to somebody else: a reviewer. The message outlives the
    candidate. A bulk action, or a journey's run, is known by its id alone, as those rooms are
    above this one; the constraints are what keeps one action from writing to the same person
    twice, and one step of a run from sending twice, whatever dies, restarts or runs double.
    """

    workspace = models.ForeignKey(Workspace, models.CASCADE, db_index=False)
    candidate = models.ForeignKey(
        Candidate,
        models.DO_NOTHING,
        null=True,
        related_name="messages",
        db_constraint=False,
        db_index=False,
    )
    channel = models.CharField(max_length=10, choices=Channel)
    address = models.CharField(max_length=254)
    subject = models.CharField(max_length=400, blank=True)
    body = models.TextField()
    status = models.CharField(max_length=12, choices=MessageStatus, default=MessageStatus.SENDING)
    problem = models.TextField(blank=True, help_text="Why it did not go, or is not known to have.")
    provider_id = models.CharField(max_length=100, blank=True)
    bulk_action_id = models.IntegerField(null=True)
    lane = models.PositiveSmallIntegerField(
        null=True, help_text="Of the bulk action's lanes, the one that hands it over."
    )
    journey_run_id = models.BigIntegerField(null=True)
    journey_step = models.PositiveIntegerField(
        null=True, help_text="Of the run's steps, the one that it is."
    )
    counted_on = models.DateField(
        null=True,
        help_text="The workspace's day on which it was reserved from the limits.",
    )
    created_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True, help_text="When the provider's answer was known.")

    objects = MessageQuerySet.as_manager()

    begun_at = 0.0  # by handing_over.clock, in the process that hands it over; not stored

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["candidate", "id"], name="message_candidate"),
            models.Index(
                fields=["bulk_action_id"], name="message_sending", condition=Q(status="sending")
            ),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["bulk_action_id", "candidate"],
                name="message_once",
                nulls_distinct=False,
                condition=Q(bulk_action_id__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["journey_run_id", "journey_step"],
                name="message_once_a_step",
                condition=Q(journey_run_id__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_channel_display()} to {self.address}"


class OptOut(models.Model):
    """Somebody who wants no messages on a channel, by address: it holds for all applications."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="opt_outs")
    channel = models.CharField(max_length=10, choices=Channel)
    address = models.CharField(max_length=254, help_text="Lower case e-mail, or phone in E.164.")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["workspace", "channel", "address"], name="opt_out_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.address} wants no {self.get_channel_display()}"


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


# Django finds models here only.
from .campaigns import Campaign as Campaign  # noqa: E402
