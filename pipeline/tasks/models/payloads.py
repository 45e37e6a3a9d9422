"""A task as customers' systems get it.

Without its notes: they are personal, written by and for those who work with the candidate.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from django.apps import apps

from pipeline.outreach.models import Campaign
from pipeline.tasks import reasons

from .states import State
from .types import KINDS, TaskType

BATCH = 2000
ACTOR = ("id", "name", "journey_id", "journey_version", "block", "run_id", "bulk_action_id")
COLUMNS = (
    *("id", "type", "state", "priority", "due_at", "created_at", "accepted_at", "ended_at"),
    *("candidate_id", "candidate__full_name", "opening_id", "opening__name"),
    *("campaign_id", "agent_id", "agent_name", "disposition", "origin"),
    *("cancel_source", "cancel_reason", "cancel_facts"),
    *(f"{verb}_by_{name}" for verb in ("created", "canceled") for name in ACTOR),
)


def payloads_of(task_ids: list[int]) -> Iterator[dict[str, Any]]:
    """For each of the tasks, as it is now: JSON-ready, times in ISO 8601 and UTC."""
    task = apps.get_model("tasks", "Task")  # which tells of itself, by this module
    for start in range(0, len(task_ids), BATCH):
        tasks = task.objects.filter(pk__in=task_ids[start : start + BATCH]).order_by("pk")
        # Columns and no models: one order may cancel a hundred thousand tasks.
        rows = list(tasks.values(*COLUMNS))
        campaigns = Campaign.objects.in_bulk({row["campaign_id"] for row in rows} - {None})
        for row in rows:
            yield payload_of(row, campaigns.get(row["campaign_id"]))


def payload_of(task: dict[str, Any], campaign: Campaign | None) -> dict[str, Any]:
    kind = KINDS[TaskType(task["type"])]
    ended_at, is_canceled = iso(task["ended_at"]), task["state"] == State.CANCELED
    return {
        "id": task["id"],
        "type": task["type"],
        "channel": kind.channel.value,
        "direction": kind.direction.value,
        "state": task["state"],
        "priority": task["priority"],
        "candidate": {"id": task["candidate_id"], "name": task["candidate__full_name"]},
        "opening": {"id": task["opening_id"], "name": task["opening__name"]},
        "campaign": campaign
        and {"id": campaign.pk, "short_id": campaign.short_id, "name": campaign.name},
        "due_at": iso(task["due_at"]),
        "created_at": iso(task["created_at"]),
        "accepted_at": iso(task["accepted_at"]),
        "completed_at": ended_at if task["state"] == State.COMPLETED else None,
        "canceled_at": ended_at if is_canceled else None,
        "agent": agent_of(task),
        "disposition": task["disposition"] or None,
        "created_by": {"origin": task["origin"], **actor_of(task, "created")},
        "canceled_by": canceler_of(task) if is_canceled else None,
    }


def agent_of(task: dict[str, Any]) -> dict[str, Any] | None:
    has_one = task["agent_id"] is not None
    return {"id": task["agent_id"], "name": task["agent_name"]} if has_one else None


def canceler_of(task: dict[str, Any]) -> dict[str, Any]:
    kept, facts = task["cancel_reason"], task["cancel_facts"]
    reason = {
        "source": task["cancel_source"],
        "reason": reasons.shown(kept, facts),
        "code": reasons.code_of(kept, facts),
    }
    return reason | actor_of(task, "canceled")


def actor_of(task: dict[str, Any], verb: str) -> dict[str, Any]:
    """Who or what `created` or `canceled` it, as it was called then. `id` is a user's."""
    user, name, journey_id, version, block, run, action = (
        task[f"{verb}_by_{column}"] for column in ACTOR
    )
    journey = {"id": journey_id, "name": name, "version": version, "block": block, "run": run}
    return {
        "id": user,
        "name": name,
        "journey": journey if journey_id else None,
        "bulk_action": action,
    }


def iso(at: datetime | None) -> str | None:
    """As 2026-11-20T09:12:44.000000Z."""
    if at is None:
        return None
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
