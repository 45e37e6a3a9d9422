"""Cancels the tasks that nobody has accepted for as long as the workspace allows."""

import logging
from datetime import timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone
from rq.timeouts import BaseTimeoutException

from pipeline.workspaces.models import Workspace

from .actors import Canceler
from .models import Task
from .scopes import AllTasks
from .settings.models import TaskRules
from .types import TIMED, TaskType

log = logging.getLogger(__name__)
BATCH = 1000  # tasks canceled in one transaction: an agent waits no longer than for that


def cancel_overdue() -> None:
    """For all workspaces. Runs every minute; what one run leaves, the next one finds."""
    for pk in Workspace.objects.order_by("pk").values_list("pk", flat=True):
        try:
            cancel_overdue_of(pk)
        except BaseTimeoutException:
            raise
        except Exception:  # one workspace's trouble is not the others'
            log.exception("The overdue tasks of workspace %s were not all canceled", pk)


def cancel_overdue_of(workspace_id: int) -> int:
    """Returns how many were canceled."""
    days = TaskRules.of(workspace_id).cancel_after_days
    reason = f"Nobody accepted it for {days} day{'' if days == 1 else 's'}."
    canceled = 0
    while batch := list(overdue(workspace_id, days, BATCH)):
        # Looked at again with the row locked: it may have been accepted, or released, meanwhile.
        still = Task.objects.cancelable().filter(is_overdue(days), pk__in=batch)
        done = still.cancel(AllTasks(), Canceler.timeout(), reason)
        if not done:
            break  # others were faster with all of these
        canceled += len(done)
    return canceled


def count_overdue(workspace_id: int, days: int, most: int) -> int:
    """How many would be canceled if `days` were the workspace's number; counted up to `most`."""
    return overdue(workspace_id, days, most).count()


def overdue(workspace_id: int, days: int, most: int) -> QuerySet[Task, int]:
    """The ids of so many at most. For each type a walk along task_waiting_since, the oldest first:
    its order leaves no other way, whatever the statistics say of how many are overdue.
    """
    waiting = Task.objects.waiting().filter(is_overdue(days), workspace=workspace_id)
    by_age = waiting.order_by("queued_at").values_list("pk", flat=True)
    first, *others = (by_age.filter(type=type)[:most] for type in TaskType)
    return first.union(*others, all=True)[:most]


def is_overdue(days: int) -> Q:
    """A callback or reminder waits from its due time on, everything else since it is queued."""
    limit = timezone.now() - timedelta(days=days)
    return Q(queued_at__lte=limit) & (~Q(type__in=TIMED) | Q(due_at__lte=limit))
