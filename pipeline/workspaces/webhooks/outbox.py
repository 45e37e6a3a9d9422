"""What is to be told to customers' systems: written in the transaction that makes it true."""

import json
from collections.abc import Callable, Iterable
from datetime import UTC
from itertools import islice
from typing import Any

from django.db import connection

from pipeline.foundation import database_clock
from pipeline.foundation.commits import after_commit
from pipeline.workspaces.models.webhook import WebhookEndpoint

from .waking import wake

BATCH = 1000


def is_wanted(workspace_id: int, event: str) -> bool:
    """Whether any endpoint listens to `event`; else its payload need not be made."""
    return WebhookEndpoint.objects.listening(workspace_id, event).exists()


def put(workspace_id: int, event: str, payloads: Iterable[dict[str, Any]]) -> None:
    """Write one delivery for each payload and each listening endpoint, in the caller's transaction.

    They are sent after the commit, by a job; nothing is lost if that job is.
    """
    remaining = map(envelope(event), payloads)
    with connection.cursor() as cursor:
        while bodies := list(islice(remaining, BATCH)):
            # One text is quoted far faster than a thousand. JSON has no line breaks of its own.
            cursor.execute(PUT, [event, "\n".join(bodies), workspace_id, event])
    after_commit(wake)


def put_for(endpoint: WebhookEndpoint, event: str, payload: dict[str, Any]) -> int:
    """Write one delivery for one endpoint, whatever it listens to. Returns its id."""
    delivery = endpoint.deliveries.create(event=event, body=envelope(event)(payload))
    after_commit(wake)
    return int(delivery.pk)


def put_to(
    workspace_id: int, endpoint_id: int, event: str, payloads: Iterable[dict[str, Any]]
) -> list[int]:
    """Write a delivery of each payload for one endpoint, whatever it listens to.

    Returns the ids of the deliveries, in order; nothing where it is switched off or deleted.
    """
    bodies = list(map(envelope(event), payloads))
    with connection.cursor() as cursor:
        cursor.execute(PUT_TO, [event, bodies, endpoint_id, workspace_id])
        deliveries = [pk for (pk,) in cursor.fetchall()]
    after_commit(wake)
    return deliveries


def envelope(event: str) -> Callable[[dict[str, Any]], str]:
    """Writes `{"type": …, "timestamp": …, "data": payload}`, of events that happen now."""
    now = (
        database_clock.now()
        .astimezone(UTC)
        .isoformat(timespec="microseconds")
        .replace("+00:00", "Z")
    )

    def write(payload: dict[str, Any]) -> str:
        whole = {"type": event, "timestamp": now, "data": payload}
        return json.dumps(whole, ensure_ascii=False, separators=(",", ":"))

    return write


# In one statement, so that an endpoint that is being deleted is waited for and then left out: else
# the foreign key would undo the caller's transaction.
PUT = """
INSERT INTO workspaces_webhookdelivery (endpoint_id, event, body, state, tries, error)
SELECT endpoint.id, %s, body, 'pending', 0, ''
FROM string_to_table(%s, chr(10)) WITH ORDINALITY AS told (body, number)
CROSS JOIN (
    SELECT id FROM workspaces_webhookendpoint
    WHERE workspace_id = %s AND is_active AND %s = ANY (events)
    FOR KEY SHARE
) AS endpoint
ORDER BY number
"""

PUT_TO = """
INSERT INTO workspaces_webhookdelivery (endpoint_id, event, body, state, tries, error)
SELECT endpoint.id, %s, body, 'pending', 0, ''
FROM unnest(%s::text[]) WITH ORDINALITY AS told (body, number)
CROSS JOIN (
    SELECT id FROM workspaces_webhookendpoint
    WHERE id = %s AND workspace_id = %s AND is_active AND deleted_at IS NULL
    FOR KEY SHARE
) AS endpoint
ORDER BY number RETURNING id
"""
