"""Whether anybody sends at all."""

from datetime import timedelta

from django.db.models import Exists, OuterRef

from pipeline.foundation import database_clock
from pipeline.workspaces.models.webhook import EndpointQuerySet, WebhookAttempt, WebhookDelivery

OVERDUE = timedelta(minutes=2)  # nothing waits so long while a sender is at work


def is_nobody_sending(endpoints: EndpointQuerySet) -> bool:
    """Whether no sender is running: something is long overdue, and nothing was tried lately."""
    long_ago = database_clock.now() - OVERDUE
    late = WebhookDelivery.objects.pending().filter(
        endpoint=OuterRef("pk"), next_attempt_at__lt=long_ago
    )
    ready = endpoints.filter(is_active=True).exclude(held_until__gt=long_ago)
    if not ready.filter(Exists(late)).exists():
        return False
    last = WebhookAttempt.objects.order_by("-pk").first()
    return last is None or last.at < long_ago
