"""What became of a task, in words."""

from datetime import datetime
from typing import TYPE_CHECKING

from pipeline.foundation.words import clock

if TYPE_CHECKING:
    from .task import Task


def actor(task: "Task", verb: str, what: str) -> str:
    """Who or what `created` or `canceled` it; `what` where nobody is named."""
    name: str = getattr(task, f"{verb}_by_name")
    if journey_id := getattr(task, f"{verb}_by_journey_id"):
        version = getattr(task, f"{verb}_by_journey_version")
        return f"Journey {journey_id} “{name}” v{version}"
    if action_id := getattr(task, f"{verb}_by_bulk_action_id"):
        return f"{name}, bulk action {action_id}"
    return name or what


def what_happened(task: "Task") -> str:
    if task.is_waiting:
        return f"It has been in the queue since {at(task.queued_at)}."
    if task.is_assigned:
        return f"{task.agent_name} accepted it at {at(task.accepted_at)}."
    if task.is_canceled:
        by = task.canceled_by_text
        return f"{by} canceled it at {at(task.ended_at)}: {task.cancel_reason_text}"
    return f"{task.agent_name} completed it at {at(task.ended_at)}."


def at(moment: datetime | None) -> str:
    """The time of day of a moment that a task in this state has."""
    assert moment is not None
    return clock(moment)
