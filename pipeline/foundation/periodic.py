"""The queue of the periodic jobs, whose worker does nothing that takes long.

It heals and times out what other queues do, so it never waits behind their jobs. A job here that
may have much to do works for one turn and then goes to the back of its queue.
"""

import logging
from collections.abc import Callable

from redis.exceptions import RedisError

from .queues import queue_of

log = logging.getLogger(__name__)
QUEUE = "periodic"
TURN_SECONDS = 5.0


def enqueue_again(job: Callable[[], object]) -> None:
    """Have the rest done in another turn. If Redis is away, the next regular run does it."""
    try:
        queue_of(QUEUE).enqueue(job, result_ttl=0, failure_ttl=3600)
    except RedisError as error:
        log.warning("%s goes on when it is due again: %s", job.__name__, error)
