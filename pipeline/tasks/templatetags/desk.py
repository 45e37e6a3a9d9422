"""How the desk's pages say what a task is and how long it waits."""

from datetime import datetime
from typing import Any

from django import template

from pipeline.foundation import database_clock
from pipeline.tasks.models import Task
from pipeline.tasks.models.types import Direction
from pipeline.workspaces.models import User

register = template.Library()
ARROWS = {Direction.INBOUND: "↙", Direction.OUTBOUND: "↗", Direction.NONE: ""}


@register.filter
def age(since: datetime) -> str:
    """In the largest unit: "< 1 min", "12 min", "5 h", "3 d"."""
    minutes = int((database_clock.now() - since).total_seconds()) // 60
    if minutes < 1:
        return "< 1 min"
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // (24 * 60)} d"


@register.filter
def is_over(at: datetime | None) -> bool:
    return at is not None and at < database_clock.now()


@register.filter
def arrow(task: Task) -> str:
    return ARROWS[task.kind.direction]


@register.simple_tag
def may(user: User, verb: str, task: Task) -> bool:
    """`{% may user "cancel" task as can_cancel %}`"""
    answer: Any = getattr(task, f"can_{verb}")(user)
    return bool(answer)
