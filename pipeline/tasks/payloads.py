"""A task as customers' systems get it."""

from collections.abc import Iterator
from typing import Any

from .models import Task

BATCH = 2000


def payloads_of(task_ids: list[int]) -> Iterator[dict[str, Any]]:
    """For each of the tasks, as it is now: JSON-ready, times in ISO 8601 and UTC."""
    for start in range(0, len(task_ids), BATCH):
        tasks = Task.objects.for_rows().filter(pk__in=task_ids[start : start + BATCH])
        for task in tasks.order_by("pk"):
            yield payload_of(task)


def payload_of(task: Task) -> dict[str, Any]:
    return {
        "id": task.pk,
        "type": task.type,
        "state": task.state,
        "candidate": {"id": task.candidate_id, "name": task.candidate.full_name},
    }
