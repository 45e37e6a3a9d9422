"""Cancels the tasks that nobody has accepted for as long as the workspace allows."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from functools import partial

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext

from pipeline.foundation import database_clock
from pipeline.foundation.outages import outage_of
from pipeline.foundation.parts import TooMany, work_in_parts
from pipeline.foundation.periodic import TURN_SECONDS, enqueue_again
from pipeline.foundation.turns import Turn
from pipeline.workspaces.models import Workspace
from pipeline.workspaces.setbacks.isolation import Isolation, Subject

from .models import Task
from .models.actors import Canceler
from .models.rules import TaskRules
from .models.scopes import AllTasks
from .models.types import TIMED, TaskType
from .reasons import Code, Reason

BATCH = 1000  # tasks canceled in one transaction: an agent waits no longer than for that


def cancel_overdue() -> None:
    """For all workspaces, a batch of each in turn. Runs every minute; if there is more to do than
    fits into one turn, the rest waits for the next."""
    turn = Turn(TURN_SECONDS)
    workspaces, tasks = Isolation("task_timeouts"), Isolation("task_timeout")
    behind = list(Workspace.objects.order_by("?").values_list("pk", flat=True))
    while behind:
        for pk in list(behind):
            if turn.is_over():
                enqueue_again(cancel_overdue)
                return
            what = gettext("Canceling the tasks that no one accepted")
            subject = Subject(pk, pk, what, reverse("task_settings:tasks"))
            if not workspaces.attempt(subject, partial(cancel_overdue_of, pk, tasks)):
                behind.remove(pk)


def cancel_overdue_of(workspace_id: int, tasks: Isolation | None = None) -> int:
    """Cancel a batch at most. Returns how many were canceled.

    A task that can't be is put off, and the others are canceled without it.
    """
    tasks = tasks or Isolation("task_timeout")
    days = TaskRules.of(workspace_id).cancel_after_days
    reason = Reason(Code.TIMED_OUT, {"days": days})
    batch = list(overdue(workspace_id, days, BATCH, besides=tasks.put_off))
    canceled = 0

    def cancel(part: Sequence[int]) -> None:
        nonlocal canceled
        # Looked at again with the row locked: it may have been accepted, or released, meanwhile.
        still = Task.objects.cancelable().filter(is_overdue(days), pk__in=part)
        canceled += len(still.cancel(AllTasks(), Canceler.timeout(), reason))

    broken = work_in_parts(batch, cancel)
    failed = {pk for pk, _ in broken}
    for pk in batch:
        if pk not in failed:
            tasks.succeed(subject_of(workspace_id, pk))
    for pk, error in broken:
        if isinstance(error, TooMany) or outage_of(error):
            raise broken[0][1]  # no single task's fault: all of the workspace's wait
        tasks.fail(subject_of(workspace_id, pk), error)
    return canceled


def subject_of(workspace_id: int, task_id: int) -> Subject:
    link = reverse("tasks:task", args=[task_id])
    return Subject(task_id, workspace_id, gettext("Canceling a task that no one accepted"), link)


def count_overdue(workspace_id: int, days: int, most: int) -> int:
    """How many would be canceled if `days` were the workspace's number; counted up to `most`."""
    return overdue(workspace_id, days, most).count()


def overdue(
    workspace_id: int, days: int, most: int, besides: Collection[int] = ()
) -> QuerySet[Task, int]:
    """The ids of so many at most. For each type a walk along task_waiting_since, the oldest first:
    its order leaves no other way, whatever the statistics say of how many are overdue.
    """
    waiting = Task.objects.waiting().filter(is_overdue(days), workspace=workspace_id)
    if besides:
        waiting = waiting.exclude(pk__in=besides)
    by_age = waiting.order_by("queued_at").values_list("pk", flat=True)
    first, *others = (by_age.filter(type=type)[:most] for type in TaskType)
    return first.union(*others, all=True)[:most]


def is_overdue(days: int) -> Q:
    """A callback or reminder waits from its due time on, everything else since it is queued."""
    limit = database_clock.now() - timedelta(days=days)
    return Q(queued_at__lte=limit) & (~Q(type__in=TIMED) | Q(due_at__lte=limit))
