"""Forgets old deliveries: they hold people's names."""

from datetime import timedelta

from django.utils import timezone

from .models import WebhookAttempt, WebhookDelivery, WebhookEndpoint

KEPT = timedelta(days=30)
BATCH = 1000


def clear_deliveries() -> None:
    """The hourly job: what is old, and what deleted endpoints have left, in batches."""
    deleted = WebhookEndpoint.objects.exclude(deleted_at=None)
    for old in (
        WebhookDelivery.objects.filter(created_at__lt=timezone.now() - KEPT),
        WebhookDelivery.objects.filter(endpoint__in=deleted),
    ):
        while batch := list(old.order_by().values_list("pk", flat=True)[:BATCH]):
            WebhookAttempt.objects.filter(delivery__in=batch).delete()
            WebhookDelivery.objects.filter(pk__in=batch).delete()
    # One that was being written while it was deleted may have got another delivery since.
    deleted.exclude(deliveries__isnull=False).delete()
