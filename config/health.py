"""Answers to probes: `/healthz` (the process lives) and `/readyz` (it can do its work)."""

from collections.abc import Awaitable, Callable

import redis
from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.conf import settings
from django.db import Error, connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from redis.backoff import NoBackoff
from redis.retry import Retry
from rq import Queue, Worker

TIMEOUT_SECONDS = 2
# The queues without whose worker Belay stands still, by the name in the answer.
WORKERS = {"worker": "default", "journeys worker": "journeys"}
Answer = HttpResponseBase | Awaitable[HttpResponseBase]


class HealthMiddleware:
    """First in the chain: a probe brings no host name, cookie or https, and needs no login."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Answer]) -> None:
        self.get_response = get_response
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Answer:
        if request.path == "/healthz":
            return self.answer(alive)
        if request.path == "/readyz":
            return self.answer(ready)
        return self.get_response(request)

    def answer(self, probe: Callable[[], HttpResponse]) -> Answer:
        # A thread of its own: a hanging server must not hold up the pages' thread.
        return sync_to_async(probe, thread_sensitive=False)() if self.is_async else probe()


def alive() -> HttpResponse:
    return HttpResponse("ok", content_type="text/plain")


def ready() -> HttpResponse:
    """200 while database, Redis and the WORKERS answer, else 503 with what does not."""
    answers = {"database": database_answers(), **redis_and_workers_answer()}
    return JsonResponse(
        {name: "ok" if fine else "does not answer" for name, fine in answers.items()},
        status=200 if all(answers.values()) else 503,
    )


def database_answers() -> bool:
    """Whether a new connection can be made: one that is open tells nothing of a hung server."""
    fresh = connection.copy()
    fresh.settings_dict["OPTIONS"] = {
        **fresh.settings_dict["OPTIONS"],
        "connect_timeout": TIMEOUT_SECONDS,
    }
    try:
        with fresh.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        return False
    finally:
        fresh.close()
    return True


def redis_and_workers_answer() -> dict[str, bool]:
    client = redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=TIMEOUT_SECONDS,
        socket_connect_timeout=TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )
    try:
        # A worker's entry vanishes from Redis when its heartbeats stop.
        living = {
            name: bool(Worker.all(queue=Queue(queue, connection=client)))
            for name, queue in WORKERS.items()
        }
    except redis.RedisError:
        return {"redis": False, **dict.fromkeys(WORKERS, False)}
    finally:
        client.close()
    return {"redis": True, **living}
