"""Answers to probes: `/healthz` (the process lives) and `/readyz` (it can do its work)."""

from collections.abc import Awaitable, Callable

import redis
from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.conf import settings
from django.db import Error, connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.utils.crypto import constant_time_compare
from redis.backoff import NoBackoff
from redis.retry import Retry
from rq import Queue, Worker

TIMEOUT_SECONDS = 2
# The queues without whose worker Belay stands still, by the name in the answer.
WORKERS = {
    "worker": "default",
    "messages worker": "messages",
    "periodic worker": "periodic",
    "journeys worker": "journeys",
}
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
            return self.answer(request, alive)
        if request.path == "/readyz":
            return self.answer(request, ready)
        return self.get_response(request)

    def answer(self, request: HttpRequest, probe: Callable[[HttpRequest], HttpResponse]) -> Answer:
        # A thread of its own: a hanging server must not hold up the pages' thread.
        if self.is_async:
            return sync_to_async(probe, thread_sensitive=False)(request)
        return probe(request)


def alive(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok", content_type="text/plain; charset=utf-8")


def ready(request: HttpRequest) -> HttpResponse:
    """200 while database, Redis and the WORKERS answer, else 503.

    Which of them does not is told to the operator's probe only, who has READYZ_TOKEN.
    """
    answers = {"database": database_answers(), **redis_and_workers_answer()}
    status = 200 if all(answers.values()) else 503
    if not has_token(request):
        text = "ok" if status == 200 else "not ok"
        return HttpResponse(text, content_type="text/plain; charset=utf-8", status=status)
    return JsonResponse(
        {name: "ok" if fine else "does not answer" for name, fine in answers.items()},
        status=status,
    )


def has_token(request: HttpRequest) -> bool:
    """Whether it brings `Authorization: Bearer` with READYZ_TOKEN. Nobody does while that is empty.

    The comparison takes as long for a token that is nearly right as for any other.
    """
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    is_right = constant_time_compare(token.strip(), settings.READYZ_TOKEN)
    return is_right and scheme.lower() == "bearer" and bool(settings.READYZ_TOKEN)


def database_answers() -> bool:
    """Whether a new connection can be made: one that is open tells nothing of a hung server."""
    fresh = connection.copy()
    fresh.settings_dict["OPTIONS"] = {
        **fresh.settings_dict["OPTIONS"],
        "connect_timeout": TIMEOUT_SECONDS,
        "pool": None,
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
