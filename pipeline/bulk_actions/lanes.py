"""Lanes are RQ jobs: wake-up calls that may get lost, come twice or come late, and do no harm."""

import logging
from uuid import uuid4

import django_rq
from django.utils import timezone
from redis.exceptions import RedisError

from . import locks
from .models import BulkAction

log = logging.getLogger(__name__)
QUEUE = "default"
JOB = "pipeline.bulk_actions.engine.work_on"


def wake(action: BulkAction) -> None:
    """Send for every lane of the action, to come once the start delay is over."""
    for number in range(action.lanes):
        send(action.pk, number, action)


def send(action_id: int, number: int, action: BulkAction | None = None) -> bool:
    """Queue one lane. False when Redis can't be reached: reconcile will send it again."""
    options = {"job_id": f"lane-{action_id}-{number}-{uuid4().hex[:8]}", "result_ttl": 0}
    try:
        queue = django_rq.get_queue(QUEUE)
        if action is not None and action.starts_at > timezone.now():
            queue.enqueue_at(action.starts_at, JOB, action_id, number, **options)
        else:
            queue.enqueue(JOB, action_id, number, **options)
    except RedisError as error:
        log.warning("Bulk action %s waits for reconcile: %s", action_id, error)
        return False
    return True


def living() -> set[tuple[int, int]]:
    """(action id, lane number) of every lane at work, or in the queue. Raises RedisError."""
    queued = set()
    for job_id in django_rq.get_queue(QUEUE).get_job_ids():
        kind, *rest = job_id.split("-")
        if kind == "lane":
            queued.add((int(rest[0]), int(rest[1])))
    return queued | locks.living_lanes()
