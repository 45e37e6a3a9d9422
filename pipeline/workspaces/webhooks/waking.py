"""Wakes a sender. A wake-up call may get lost: another one comes every ten seconds."""

import logging

from redis.exceptions import RedisError

from pipeline.foundation.queues import queue_of

log = logging.getLogger(__name__)
QUEUE = "webhooks"
JOB = "pipeline.workspaces.webhooks.sending.send_due"


def wake() -> None:
    """One call is enough, however much is to be sent: a storm of events makes no storm of jobs."""
    try:
        queue = queue_of(QUEUE)
        if not queue.count:
            queue.enqueue(JOB, result_ttl=0, failure_ttl=3600)
    except RedisError as error:
        log.warning("Webhooks wait for the periodic job: %s", error)
