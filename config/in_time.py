"""No page hangs: what has no answer in time is answered with 503, whoever it waits for.

A PostgreSQL that is frozen or whose machine hangs neither answers nor closes its connections.
"""

import asyncio
import io
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpResponse

from config.outages import SAFE, answer
from pipeline.foundation.outages import Outage

log = logging.getLogger(__name__)
Scope = dict[str, Any]
Event = Mapping[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class InTime:
    """An ASGI application around the pages, for the time until an answer begins."""

    def __init__(self, pages: App) -> None:
        self.pages = pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = asyncio.Event()
        is_late = False

        async def send_in_time(event: Event) -> None:
            if not is_late:
                begun.set()
                await send(event)

        work = asyncio.ensure_future(self.pages(scope, receive, send_in_time))
        beginning = asyncio.ensure_future(begun.wait())
        try:
            either = asyncio.FIRST_COMPLETED
            seconds = seconds_for(scope["method"])
            await asyncio.wait([work, beginning], timeout=seconds, return_when=either)
            if not (work.done() or begun.is_set()):  # not what wait says: that may be a step behind
                is_late = True
                log.warning("503 %s %s: no answer in time", scope["method"], scope["path"])
                await send_all(too_late(scope), send)
            await work  # it may still come to its end; the server ends it when it ends itself
        except asyncio.CancelledError:
            work.cancel()
            await asyncio.wait([work])
            raise
        finally:
            beginning.cancel()


def seconds_for(method: str) -> float:
    """An order over a million candidates may take a statement of a minute; a page may not."""
    return float(settings.ANSWER_SECONDS * (1 if method in SAFE else 3))


def too_late(scope: Scope) -> HttpResponse:
    return answer(ASGIRequest(scope, io.BytesIO()), Outage.SLOW)


async def send_all(response: HttpResponse, send: Send) -> None:
    headers = [(name.encode(), value.encode("latin-1")) for name, value in response.items()]
    start = {"type": "http.response.start", "status": response.status_code, "headers": headers}
    await send(start)
    await send({"type": "http.response.body", "body": response.content})
