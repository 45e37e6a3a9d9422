"""Sends to the hubs of all web processes, through Redis: from any process, thread or fork."""

import json
from collections.abc import Iterable
from functools import cache
from typing import Any

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.connection import parse_url
from redis.retry import Retry

# What a push may cost the work when Redis hangs. A cancel may have waited for the fence before it,
# and is answered within 2 s all the same.
TIMEOUT_SECONDS = 0.5
Message = dict[str, Any]


def workspace_channel(pk: int) -> str:
    """What concerns the members of one workspace; the hub knows which of them may see it."""
    return f"{prefix()}workspace-{pk}"


def people_channel() -> str:
    """What concerns some users or one login, in whatever workspace: every hub hears it."""
    return f"{prefix()}people"


def publish(messages: Iterable[tuple[str, Message]]) -> None:
    """Each message to its channel, in one round trip. Raises redis.RedisError."""
    with client_of(settings.REDIS_URL).pipeline(transaction=False) as pipe:
        for channel, message in messages:
            pipe.publish(channel, json.dumps(message))
        pipe.execute()


def prefix() -> str:
    """Redis publishes across its numbered databases, so the number is in the channel's name."""
    database = parse_url(settings.REDIS_URL).get("db", 0)  # type: ignore[no-untyped-call]
    return f"belay:{database}:"


@cache
def client_of(url: str) -> redis.Redis:
    """One client, with lasting connections, for each process. A fork makes its own by itself."""
    # Once more where the connection turns out to be of a Redis that has gone; no second wait for
    # one that hangs.
    retry = Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,))
    return redis.Redis.from_url(
        url, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS, retry=retry
    )
