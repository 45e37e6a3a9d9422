"""Django under ASGI, each request as a whole in one of a few threads.

Django's own handler gives each request a thread of its own, with a connection to the database, and
goes to and fro between it and the event loop for each middleware: there is no limit to either, and
a thread that waits for the loop keeps daphne from ending.
"""

import asyncio
import re
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import IO, Any

from asgiref.sync import ThreadSensitiveContext, sync_to_async
from django.conf import settings
from django.core.handlers.asgi import ASGIHandler
from django.db import close_old_connections
from django.http import HttpRequest, HttpResponseBase

from config.bodies import BODY
from notifications.threads import Threads
from pipeline.foundation.exports.downloads import InPieces
from pipeline.workspaces.models import membership_of

LOOKS = re.compile(r"/candidates/import/(\d+/(again|columns)/)?")  # at files, where posted to
GRACE_SECONDS = 1.5  # for what is being answered when the process is told to end
FLUSH_SECONDS = 0.1  # for the last bytes of that to get out
# The ends of addresses that stop work: they never wait for pages that take long.
STOPS = ("/cancel/", "/cancel-all/", "/pause/", "/stop/", "/archive/")
Event = Mapping[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]


class Loan:
    """A thread that a request has until it gives it back."""

    def __init__(self, thread: Threads, give_back: Callable[[object], None]) -> None:
        self.thread = thread
        self.give_back = give_back
        self.is_over = False

    def end(self) -> None:
        """Give the thread back once it is idle: a request that was given up may still be at it."""
        if not self.is_over:
            self.is_over = True
            asyncio.wrap_future(self.thread.submit(int)).add_done_callback(self.give_back)


LOAN: ContextVar[Loan] = ContextVar("loan")  # of the request that is being answered


class Pool:
    """A few threads, each lent to one request at a time, the last free one only to what stops."""

    def __init__(self, name: str, count: int, for_stops: int = 0) -> None:
        self.free: asyncio.Queue[Threads] = asyncio.Queue()
        self.ordinary = asyncio.Semaphore(count - for_stops)
        for number in range(count):
            self.free.put_nowait(Threads(f"{name}-{number}", 1))

    @asynccontextmanager
    async def thread(self, *, is_stop: bool = False) -> AsyncIterator[Loan]:
        """Synchronous code runs in one of them meanwhile. Waits until one is free."""
        if not is_stop:
            await self.ordinary.acquire()
        try:
            thread = await self.free.get()
        except asyncio.CancelledError:
            if not is_stop:
                self.ordinary.release()
            raise

        def give_back(_: object) -> None:
            self.free.put_nowait(thread)
            if not is_stop:
                self.ordinary.release()

        loan = Loan(thread, give_back)
        try:
            async with ThreadSensitiveContext(executor=thread):
                yield loan
        finally:
            loan.end()


class Pages(ASGIHandler):
    """Answers HTTP. What may take long has threads of its own, and so have probes.

    An upload waits while its file is looked at. One workspace never has all threads for downloads.
    """

    def __init__(self) -> None:
        super(ASGIHandler, self).__init__()
        self.load_middleware(is_async=False)
        for_stops = 1 if settings.PAGE_THREADS > 1 else 0
        self.pages = Pool("page", settings.PAGE_THREADS, for_stops)
        self.downloads = Pool("download", settings.DOWNLOAD_THREADS)
        most = max(1, settings.DOWNLOAD_THREADS - 1)
        self.turns: defaultdict[int | None, asyncio.Semaphore]  # by workspace
        self.turns = defaultdict(lambda: asyncio.Semaphore(most))
        self.uploads = Pool("upload", settings.UPLOAD_THREADS)
        self.probes = {path: Pool(path, 1) for path in ("/healthz", "/readyz")}

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        work = asyncio.ensure_future(self.answer(scope, receive, send))
        try:
            await asyncio.shield(work)
        except asyncio.CancelledError:  # the server ends
            done, _ = await asyncio.wait([work], timeout=GRACE_SECONDS)
            if done:
                await asyncio.sleep(FLUSH_SECONDS)
            raise

    async def answer(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        try:
            async with self.pool_for(scope).thread(is_stop=scope["path"].endswith(STOPS)) as loan:
                LOAN.set(loan)
                await self.handle(scope, receive, send)
        finally:
            if BODY in scope:
                scope[BODY].close()

    def pool_for(self, scope: dict[str, Any]) -> Pool:
        if scope["method"] == "POST" and LOOKS.fullmatch(scope["path"]):
            return self.uploads
        return self.probes.get(scope["path"], self.pages)

    def create_request(self, scope: Mapping[str, Any], body_file: IO[bytes]) -> Any:
        """With the body that daphne has spooled already, read where it is."""
        return super().create_request(scope, scope.get(BODY, body_file))

    async def get_response_async(self, request: HttpRequest) -> HttpResponseBase:
        """All middleware and the view in one go, instead of a jump between threads for each."""
        return await sync_to_async(self.response_to)(request)

    def response_to(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if isinstance(response, InPieces) and (membership := membership_of(request.user)):
            response.workspace_id = membership.workspace_id
        return response

    async def send_response(self, response: HttpResponseBase, send: Send) -> None:
        if not isinstance(response, InPieces):
            await super().send_response(response, send)
            return
        # Else pages would wait for downloads that wait.
        await sync_to_async(close_old_connections)()
        LOAN.get().end()
        async with self.turns[response.workspace_id], self.downloads.thread():
            try:
                await super().send_response(response, send)
            finally:
                await sync_to_async(close_old_connections)()
