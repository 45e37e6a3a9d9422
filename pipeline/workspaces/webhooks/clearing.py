"""Forgets old deliveries: they hold people's names."""

from collections.abc import Sequence
from datetime import timedelta

from pipeline.foundation import database_clock
from pipeline.foundation.parts import work_in_parts
from pipeline.foundation.periodic import TURN_SECONDS, enqueue_again
from pipeline.foundation.turns import Turn
from pipeline.workspaces.models.webhook import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from pipeline.workspaces.setbacks.isolation import Isolation, Subject

KEPT = timedelta(days=30)
BATCH = 1000


def clear_deliveries() -> None:
    """The hourly job: what is old, and what deleted endpoints have left, in batches; if that is
    more than fits into one turn, the rest waits for the next."""
    turn = Turn(TURN_SECONDS)
    isolation = Isolation("webhook_clearing")
    deleted = WebhookEndpoint.objects.exclude(deleted_at=None)
    for old in (
        WebhookDelivery.objects.filter(created_at__lt=database_clock.now() - KEPT),
        WebhookDelivery.objects.filter(endpoint__in=deleted),
    ):
        while batch := list(
            old.exclude(pk__in=isolation.put_off).order_by().values_list("pk", flat=True)[:BATCH]
        ):
            if turn.is_over():
                enqueue_again(clear_deliveries)
                return
            put_off(isolation, work_in_parts(batch, delete))
    # One that was being written while it was deleted may have got another delivery since.
    for endpoint in deleted.exclude(deliveries__isnull=False):
        what = "Deleting a webhook for good"
        subject = Subject(endpoint.pk, endpoint.workspace_id, what, part="endpoint")
        isolation.attempt(subject, endpoint.delete)


def delete(deliveries: Sequence[int]) -> None:
    WebhookAttempt.objects.filter(delivery__in=deliveries).delete()
    WebhookDelivery.objects.filter(pk__in=deliveries).delete()


def put_off(isolation: Isolation, broken: list[tuple[int, Exception]]) -> None:
    """Those that can't be deleted now: the others are deleted without them."""
    for delivery in WebhookDelivery.objects.filter(pk__in=[pk for pk, _ in broken]).select_related(
        "endpoint"
    ):
        workspace, link = delivery.endpoint.workspace_id, delivery.get_absolute_url()
        subject = Subject(delivery.pk, workspace, "Deleting an old delivery", link)
        isolation.fail(subject, dict(broken)[delivery.pk])
