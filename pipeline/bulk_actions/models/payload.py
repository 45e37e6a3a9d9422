"""A bulk action as customers' systems get it."""

from typing import TYPE_CHECKING, Any

from django.conf import settings

from pipeline.tasks.models.payloads import iso
from pipeline.workspaces.models import User

if TYPE_CHECKING:
    from .bulk_action import BulkAction


def payload_of(action: "BulkAction") -> dict[str, Any]:
    """As it is now: JSON-ready, times in ISO 8601 and UTC.

    `total` is how many were selected, and the other counts add up to it; of the untouched,
    `being_sent` are messages whose provider has not answered.
    """
    return {
        "id": action.pk,
        "operation": action.operation,
        "title": action.title,
        "status": action.status,
        "total": action.total,
        "changed": action.changed,
        "unchanged": action.unchanged,
        "failed": action.failed,
        "untouched": action.untouched,
        "being_sent": action.being_sent,
        "started_by": person(action.started_by),
        "canceled_by": person(action.canceled_by),
        "failure": action.failure or None,
        "created_at": iso(action.created_at),
        "started_at": iso(action.started_at),
        "ended_at": iso(action.ended_at),
        "link": f"{settings.PUBLIC_URL.rstrip('/')}{action.get_absolute_url()}",
    }


def person(user: User | None) -> dict[str, Any] | None:
    return {"id": user.pk, "name": str(user)} if user else None
