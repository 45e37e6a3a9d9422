"""Tells the open desks and task pages which tasks changed: they ask for what they show of them."""

from typing import Any

from django.dispatch import receiver

from pipeline.candidates.models import Opening
from pipeline.tasks.models import Task
from pipeline.tasks.signals import task_changed

from . import live
from .publishing import Message, workspace_channel

LEAVES_THE_QUEUE = ("accept", "cancel")
ENDS = ("complete", "cancel", "withdraw")
MOST_NAMED = 2000  # ids in one push; of more, pages are told that something changed


@receiver(task_changed)
def push_tasks(workspace_id: int, verb: str, task_ids: list[int], **_: Any) -> None:
    """One push, however many tasks and watchers there are.

    Pages that show no queue are told only that something changed, or also ended ("ended-tasks").
    """
    if live.is_paused():
        return
    named_ones = message(workspace_id, verb, task_ids)
    about = "ended-tasks" if verb in ENDS else "tasks"
    channel = workspace_channel(workspace_id)
    live.push([(channel, named_ones), (channel, live.news(about, named_ones["in_openings"]))])


def message(workspace_id: int, verb: str, ids: list[int]) -> Message:
    """The ids for members without a limit, and for each opening those a limited member sees."""
    return {
        "type": "tasks",
        "gone": verb in LEAVES_THE_QUEUE,
        "tasks": named(ids),
        "in_openings": {pk: named(some) for pk, some in by_opening(workspace_id, ids).items()},
    }


def named(ids: list[int]) -> list[int]:
    return ids if len(ids) <= MOST_NAMED else []


def by_opening(workspace_id: int, task_ids: list[int]) -> dict[int, list[int]]:
    """Group task ids by opening, for the openings that some limited member sees."""
    heard_in = Opening.objects.filter(workspace=workspace_id, members__is_limited=True)
    found = Task.objects.filter(pk__in=task_ids, opening__in=heard_in.values("pk"))
    of_opening: dict[int, list[int]] = {}
    for pk, opening in found.order_by("pk").values_list("pk", "opening"):
        of_opening.setdefault(opening, []).append(pk)
    return of_opening
