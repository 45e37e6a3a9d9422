"""Tells the open desks and task pages which tasks changed: they ask for what they show of them."""

import time
from typing import Any

from django.dispatch import receiver

from pipeline.candidates.models import Opening
from pipeline.tasks.models import Task
from pipeline.tasks.signals import task_changed

from . import live
from .groups import opening_tasks_group, workspace_tasks_group

LEAVES_THE_QUEUE = ("accept", "cancel")
MOST_NAMED = 2000  # ids in one push; of more, pages are told that something changed


@receiver(task_changed)
def push_tasks(workspace_id: int, verb: str, task_ids: list[int], **_: Any) -> None:
    """One push for each group that may see some of them, however many they are."""
    if time.monotonic() < live.paused_until:
        return
    told = {workspace_tasks_group(workspace_id): task_ids}
    for opening, ids in by_opening(workspace_id, task_ids).items():
        told[opening_tasks_group(opening)] = ids
    live.push_each([(group, message(verb, ids)) for group, ids in told.items()])


def message(verb: str, ids: list[int]) -> dict[str, Any]:
    named = ids if len(ids) <= MOST_NAMED else []
    return {"type": "tasks.changed", "tasks": named, "gone": verb in LEAVES_THE_QUEUE}


def by_opening(workspace_id: int, task_ids: list[int]) -> dict[int, list[int]]:
    """Which of them each opening has that some limited member sees: nobody hears of others."""
    heard_in = Opening.objects.filter(workspace=workspace_id, members__is_limited=True)
    found = Task.objects.filter(pk__in=task_ids, opening__in=heard_in.values("pk"))
    of_opening: dict[int, list[int]] = {}
    for pk, opening in found.order_by("pk").values_list("pk", "opening"):
        of_opening.setdefault(opening, []).append(pk)
    return of_opening
