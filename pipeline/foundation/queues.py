"""The workers' queues for those who must not wait: pages, and whatever follows a commit."""

from functools import cache

import django_rq
from django.conf import settings
from redis import Redis
from rq import Queue

SECONDS = 1.0  # what a call may cost while Redis hangs


@cache
def connection() -> Redis:
    return Redis.from_url(
        settings.REDIS_URL, socket_timeout=SECONDS, socket_connect_timeout=SECONDS
    )


def queue_of(name: str) -> Queue:
    """The queue with that name; each call to it raises RedisError after SECONDS at most."""
    return django_rq.get_queue(name, connection=connection())
