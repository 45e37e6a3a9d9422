"""How long a delivery waits for its next try."""

from datetime import timedelta

from django.utils import timezone

from pipeline.workspaces.models.webhook import WebhookDelivery
from pipeline.workspaces.webhooks.retries import JITTER


def wait_of(delivery: WebhookDelivery) -> timedelta:
    delivery.refresh_from_db()
    assert delivery.next_attempt_at is not None
    return delivery.next_attempt_at - timezone.now()


def is_about(wait: timedelta, expected: timedelta) -> bool:
    return expected - timedelta(seconds=3) < wait < expected * (1 + JITTER) + timedelta(seconds=3)
