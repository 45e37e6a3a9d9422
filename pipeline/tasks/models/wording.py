"""What became of a task, in words."""

from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.formats import date_format

from pipeline.foundation import database_clock

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
        return f"It has been in the queue since {clock(task.queued_at)}."
    if task.is_assigned:
        return f"{task.agent_name} accepted it at {clock(task.accepted_at)}."
    if task.is_canceled:
        by = task.canceled_by_text
        return f"{by} canceled it at {clock(task.ended_at)}: {task.cancel_reason_text}"
    return f"{task.agent_name} completed it at {clock(task.ended_at)}."


def clock(at: Any) -> str:
    """The time of day, with the date if it was not today: "10:32", "21 Nov 2026, 10:32"."""
    local = timezone.localtime(at)
    is_today = local.date() == timezone.localdate(database_clock.now())
    return date_format(local, "H:i" if is_today else "j M Y, H:i")
