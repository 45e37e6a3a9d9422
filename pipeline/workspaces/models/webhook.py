"""Who listens, what they are told, and every try to tell it."""

import secrets
from base64 import b64encode
from contextlib import suppress
from datetime import timedelta
from typing import Any, ClassVar, Self

from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.functions import RandomUUID
from django.contrib.postgres.indexes import BrinIndex
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.urls import reverse

from pipeline.foundation import database_clock
from pipeline.foundation.counts import Number, count_some
from pipeline.foundation.encryption import Unreadable, decrypted, encrypted
from pipeline.foundation.public_addresses import Refused, check

from .membership import membership_of
from .user import User
from .webhook_events import CHOICES
from .workspace import Workspace

MANY = 1000  # deliveries are counted so far
ROTATION = timedelta(hours=24)  # for so long both secrets sign


def new_secret() -> str:
    """192 bits, as the Standard Webhooks specification writes it."""
    return f"whsec_{b64encode(secrets.token_bytes(24)).decode()}"


def new_encrypted_secret() -> str:
    return encrypted(new_secret())


class EndpointQuerySet(models.QuerySet["WebhookEndpoint"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """The workspace's, for its owners: they hold secrets. Nothing for others."""
        membership = membership_of(user)
        if membership is None or not membership.is_owner:
            return self.none()
        return self.filter(workspace=membership.workspace_id, deleted_at=None)

    def listening(self, workspace_id: int, event: str) -> Self:
        return self.filter(workspace=workspace_id, is_active=True, events__contains=[event])


class WebhookEndpoint(models.Model):
    """An address of the customer's to which events are posted.

    A deleted one is kept, switched off and out of sight, until its deliveries are cleared.
    """

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="webhook_endpoints")
    url = models.CharField("URL", max_length=2000)
    description = models.CharField(max_length=200, blank=True)
    events: Any = ArrayField(models.CharField(max_length=40, choices=CHOICES))
    encrypted_secret = models.TextField(default=new_encrypted_secret, editable=False)
    encrypted_old_secret = models.TextField(blank=True, editable=False)
    old_secret_until = models.DateTimeField(null=True, editable=False)
    is_active = models.BooleanField("active", default=True)
    switched_off_why = models.CharField(max_length=300, blank=True)
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    deleted_at = models.DateTimeField(null=True, editable=False)

    # How it does, written by the sender.
    last_delivered_at = models.DateTimeField(null=True, editable=False)
    failing_since = models.DateTimeField(
        null=True, editable=False, help_text="The first failure after the last success."
    )
    held_until = models.DateTimeField(
        null=True, editable=False, help_text="It asked for a pause (Retry-After)."
    )

    objects = EndpointQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["pk"]

    def __str__(self) -> str:
        return self.description or self.url

    def get_absolute_url(self) -> str:
        return reverse("webhooks:endpoint", args=[self.pk])

    def clean(self) -> None:
        """Refuse an address that nothing may be sent to; it is looked at again at every send."""
        try:
            check(self.url)
        except Refused as refused:
            raise ValidationError({"url": str(refused)})

    @property
    def secret(self) -> str:
        """What signs. Raises Unreadable when SECRET_KEY was changed without a fallback."""
        return decrypted(self.encrypted_secret)

    @property
    def secrets(self) -> list[str]:
        """Secrets that sign now: the newest, and for a day the one before it.

        Raises Unreadable; not for the one before, which then signs no longer.
        """
        if not self.is_rotating:
            return [self.secret]
        with suppress(Unreadable):
            return [self.secret, decrypted(self.encrypted_old_secret)]
        return [self.secret]

    @property
    def is_rotating(self) -> bool:
        until = self.old_secret_until
        return bool(self.encrypted_old_secret and until and until > database_clock.now())

    @property
    def waiting(self) -> Number:
        return count_some(self.deliveries.pending(), MANY)

    @property
    def failed(self) -> Number:
        return count_some(self.deliveries.failed(), MANY)

    def rotate(self) -> None:
        """Make a new secret; the old one also signs for a day."""
        self.encrypted_old_secret = self.encrypted_secret
        self.encrypted_secret = new_encrypted_secret()
        self.old_secret_until = database_clock.now() + ROTATION
        self.save(update_fields=["encrypted_secret", "encrypted_old_secret", "old_secret_until"])

    def switch_on(self) -> bool:
        """Send again, what waits included. False when it is on already."""
        off = WebhookEndpoint.objects.filter(pk=self.pk, is_active=False, deleted_at=None)
        return bool(
            off.update(is_active=True, switched_off_why="", failing_since=None, held_until=None)
        )

    def switch_off(self, why: str) -> bool:
        """Write and send nothing more; what waits, waits. False when it is off already."""
        on = WebhookEndpoint.objects.filter(pk=self.pk, is_active=True)
        return bool(on.update(is_active=False, switched_off_why=why[:300]))

    def forget(self) -> None:
        """Delete the endpoint; the hourly job removes its deliveries."""
        WebhookEndpoint.objects.filter(pk=self.pk).update(
            is_active=False, deleted_at=Now(), encrypted_secret="", encrypted_old_secret=""
        )


class DeliveryState(models.TextChoices):
    PENDING = "pending", "Pending"  # to be sent, or sent again
    DELIVERED = "delivered", "Delivered"  # answered with 2xx
    FAILED = "failed", "Failed"  # given up


class DeliveryQuerySet(models.QuerySet["WebhookDelivery"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        return self.filter(endpoint__in=WebhookEndpoint.objects.visible_to(user))

    def pending(self) -> Self:
        return self.filter(state=DeliveryState.PENDING)

    def failed(self) -> Self:
        return self.filter(state=DeliveryState.FAILED)

    def due(self) -> Self:
        """To be sent now, unless its endpoint is switched off."""
        return self.pending().filter(next_attempt_at__lte=Now())

    def send_again(self) -> int:
        """Send again from the first try, with the same message id. Returns how many."""
        ended = self.exclude(state=DeliveryState.PENDING)
        count = ended.update(state=DeliveryState.PENDING, tries=0, next_attempt_at=Now())
        return count + self.pending().filter(tries__gt=0).update(next_attempt_at=Now())


class WebhookDelivery(models.Model):
    """One event for one endpoint, as it is sent. Its `message_id` stays over all tries."""

    endpoint = models.ForeignKey(
        WebhookEndpoint, models.CASCADE, related_name="deliveries", db_index=False
    )
    uid = models.UUIDField(db_default=RandomUUID(), editable=False)
    event = models.CharField(max_length=40)
    body = models.TextField()
    state = models.CharField(max_length=10, choices=DeliveryState, default=DeliveryState.PENDING)
    tries = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(
        null=True,
        db_default=Now(),
        help_text="During a try: when another sender may take it for lost.",
    )
    status = models.PositiveSmallIntegerField(null=True, help_text="Of the last answer.")
    error = models.CharField(max_length=300, blank=True, help_text="Of the last try.")
    created_at = models.DateTimeField(db_default=Now())

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-pk"]
        verbose_name_plural = "webhook deliveries"
        indexes: ClassVar = [
            models.Index(
                fields=["endpoint", "next_attempt_at"],
                name="webhook_delivery_due",
                condition=Q(state=DeliveryState.PENDING),
            ),
            models.Index(fields=["endpoint", "id"], name="webhook_delivery_endpoint"),
            models.Index(fields=["endpoint", "event", "id"], name="webhook_delivery_event"),
            models.Index(
                fields=["endpoint", "state", "id"],
                name="webhook_delivery_undelivered",
                condition=~Q(state=DeliveryState.DELIVERED),
            ),
            BrinIndex(fields=["created_at"], name="webhook_delivery_created"),
        ]

    def __str__(self) -> str:
        return f"{self.event} to {self.endpoint}"

    def get_absolute_url(self) -> str:
        return reverse("webhooks:delivery", args=[self.pk])

    @property
    def message_id(self) -> str:
        return f"msg_{self.uid.hex}"

    @property
    def is_pending(self) -> bool:
        return self.state == DeliveryState.PENDING

    @property
    def is_soon(self) -> bool:
        """Whether it is being sent, or will be within a minute."""
        soon = database_clock.now() + timedelta(minutes=1)
        at = self.next_attempt_at
        return self.is_pending and self.endpoint.is_active and at is not None and at <= soon

    @property
    def is_delivered(self) -> bool:
        return self.state == DeliveryState.DELIVERED


class WebhookAttempt(models.Model):
    """One try. Written before it is made: without an answer, its sender died or is at it."""

    delivery = models.ForeignKey(WebhookDelivery, models.CASCADE, related_name="attempts")
    at = models.DateTimeField(db_default=Now())
    headers = models.JSONField(default=dict)
    status = models.PositiveSmallIntegerField(null=True)
    answer = models.CharField(max_length=500, blank=True, help_text="How its body begins.")
    error = models.CharField(max_length=300, blank=True)
    milliseconds = models.PositiveIntegerField(null=True)

    class Meta:
        ordering: ClassVar = ["-pk"]

    def __str__(self) -> str:
        return f"{self.delivery_id} at {self.at}"

    @property
    def has_ended(self) -> bool:
        return self.milliseconds is not None

    @property
    def is_good(self) -> bool:
        return self.status is not None and 200 <= self.status < 300 and not self.error
