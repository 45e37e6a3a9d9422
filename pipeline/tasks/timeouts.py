"""Cancels the tasks that nobody has accepted for as long as the workspace allows."""

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from pipeline.workspaces.models import Workspace

from .actors import Canceler
from .models import Task, TaskRules
from .scopes import AllTasks
from .types import TIMED, TaskType

BATCH = 1000  # tasks canceled in one transaction: an agent waits no longer than for that


def cancel_overdue() -> None:
    """For all workspaces. Runs every minute; what one run leaves, the next one finds."""
    for pk in Workspace.objects.values_list("pk", flat=True):
        cancel_overdue_of(pk)


def cancel_overdue_of(workspace_id: int) -> int:
    """Returns how many were canceled."""
    days = TaskRules.of(workspace_id).cancel_after_days
    canceled = 0
    while batch := overdue(workspace_id, days):
        done = (
            Task.objects.cancelable()
            .filter(is_overdue(days), pk__in=batch)
            .cancel(AllTasks(), Canceler.timeout(), f"Nobody accepted it for {days} days.")
        )
        canceled += len(done)
    return canceled


def overdue(workspace_id: int, days: int) -> list[int]:
    mine = Task.objects.waiting().filter(workspace=workspace_id, type__in=TaskType.values)
    return list(mine.filter(is_overdue(days)).values_list("pk", flat=True)[:BATCH])


def is_overdue(days: int) -> Q:
    """A callback or reminder waits from its due time on, everything else since it is queued."""
    limit = timezone.now() - timedelta(days=days)
    return Q(queued_at__lt=limit) & (~Q(type__in=TIMED) | Q(due_at__lt=limit))
