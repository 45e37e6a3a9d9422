"""A task as customers' systems get it.

Without its notes: they are personal, written by and for those who work with the candidate.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from .models import Task

BATCH = 2000


def payloads_of(task_ids: list[int]) -> Iterator[dict[str, Any]]:
    """For each of the tasks, as it is now: JSON-ready, times in ISO 8601 and UTC."""
    for start in range(0, len(task_ids), BATCH):
        tasks = Task.objects.filter(pk__in=task_ids[start : start + BATCH])
        for task in tasks.select_related("candidate", "opening", "campaign").order_by("pk"):
            yield payload_of(task)


def payload_of(task: Task) -> dict[str, Any]:
    kind, campaign = task.kind, task.campaign
    return {
        "id": task.pk,
        "type": task.type,
        "channel": kind.channel.value,
        "direction": kind.direction.value,
        "state": task.state,
        "priority": task.priority,
        "candidate": {"id": task.candidate_id, "name": task.candidate.full_name},
        "opening": {"id": task.opening_id, "name": task.opening.name},
        "campaign": campaign
        and {"id": campaign.pk, "short_id": campaign.short_id, "name": campaign.name},
        "due_at": iso(task.due_at),
        "created_at": iso(task.created_at),
        "accepted_at": iso(task.accepted_at),
        "completed_at": iso(task.completed_at),
        "canceled_at": iso(task.canceled_at),
        "agent": {"id": task.agent_id, "name": task.agent_name} if task.agent_id else None,
        "disposition": task.disposition or None,
        "created_by": {"origin": task.origin, **actor_of(task, "created")},
        "canceled_by": canceler_of(task) if task.is_canceled else None,
    }


def canceler_of(task: Task) -> dict[str, Any]:
    reason = {"source": task.cancel_source, "reason": task.cancel_reason}
    return reason | actor_of(task, "canceled")


def actor_of(task: Task, verb: str) -> dict[str, Any]:
    """Who or what `created` or `canceled` it, as it was called then. `id` is a user's."""
    by = {
        name: getattr(task, f"{verb}_by_{name}")
        for name in ("id", "name", "journey_id", "journey_version", "block", "run_id")
    }
    journey = {
        "id": by["journey_id"],
        "name": by["name"],
        "version": by["journey_version"],
        "block": by["block"],
        "run": by["run_id"],
    }
    return {
        "id": by["id"],
        "name": by["name"],
        "journey": journey if by["journey_id"] else None,
        "bulk_action": getattr(task, f"{verb}_by_bulk_action_id"),
    }


def iso(at: datetime | None) -> str | None:
    """As 2026-11-20T09:12:44.000000Z."""
    if at is None:
        return None
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
