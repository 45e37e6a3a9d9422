"""Messages to candidates, and what became of each."""

from typing import ClassVar, Self

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from pipeline.candidates.models import Candidate
from pipeline.workspaces.models import User, Workspace

from .channel import Channel


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

    begun_at = 0.0  # by delivery.clock, in the process that hands it over; not stored

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
