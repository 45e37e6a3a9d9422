"""The bell's notices about tasks: an agent's task was taken back by somebody else.

The task's own page says the same; so one that a dying process did not tell is not caught up with.
"""

from collections.abc import Iterator
from typing import Any

from django.db.models import F
from django.dispatch import receiver
from django.utils.translation import gettext as _

from pipeline.tasks.models import Task, TaskRelease
from pipeline.tasks.signals import task_changed
from pipeline.workspaces.models import User

from .models import Notice
from .notices import tell


@receiver(task_changed)
def tell_of_tasks(verb: str, task_ids: list[int], **_: Any) -> None:
    if verb == "withdraw":
        tell(*of_withdrawn(task_ids))
    elif verb == "release":
        tell(*of_released(task_ids))


def of_withdrawn(task_ids: list[int]) -> Iterator[Notice]:
    taken = Task.objects.past().filter(pk__in=task_ids).exclude(canceled_by=F("agent"))
    for task in taken.select_related("candidate").defer("candidate__attributes"):
        text = f"{task.canceled_by_text} canceled your task {what(task)}: {task.cancel_reason_text}"
        yield from notices(task, task.agent_id, f"task-{task.pk}", text)


def of_released(task_ids: list[int]) -> Iterator[Notice]:
    """Of the last release of each: one that the agent made itself is no news."""
    last = (
        TaskRelease.objects.filter(task__in=task_ids).order_by("task_id", "-pk").distinct("task_id")
    )
    for release in last.select_related("task__candidate").defer("task__candidate__attributes"):
        if release.released_by_id == release.agent_id:
            continue
        why = f": {release.reason}" if release.reason else "."
        text = _("%(released_by_name)s returned your task %(task)s to the queue%(why)s") % {
            "released_by_name": release.released_by_name,
            "task": what(release.task),
            "why": why,
        }
        yield from notices(release.task, release.agent_id, f"release-{release.pk}", text)


def what(task: Task) -> str:
    return f"{task} for {task.candidate}"


def notices(task: Task, agent: int | None, about: str, text: str) -> Iterator[Notice]:
    """To the agent, as long as it is a member there."""
    members = User.objects.filter(membership__workspace=task.workspace_id)
    for user in members.filter(pk__in=[agent]):
        yield Notice(user=user, about=about, text=text, link=task.get_absolute_url())
