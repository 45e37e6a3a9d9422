"""How the desk's pages say what a task is and how long it waits."""

from datetime import datetime
from typing import Any

from django import template

from pipeline.foundation import database_clock, words
from pipeline.tasks.models import Task
from pipeline.tasks.models.types import Direction
from pipeline.workspaces.models import User

register = template.Library()
ARROWS = {Direction.INBOUND: "↙", Direction.OUTBOUND: "↗", Direction.NONE: ""}


register.filter(words.age)


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
