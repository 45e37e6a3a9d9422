"""One open page: its socket, and the outbox by which all of them are written to."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from .viewers import Login, Viewer

log = logging.getLogger(__name__)
Event = dict[str, Any]
Send = Callable[[Event], Awaitable[None]]
NOT_ALLOWED = 4401  # the code a page is closed with that may not watch
TOO_MANY = 4429  # and one that is one too many: it asks every 10 s instead
AT_ONCE = 50  # pages written to before others have their turn: handshakes, answers


@dataclass(eq=False)
class Page:
    """`login` and `viewer` are known once it is admitted."""

    session_key: str
    hears_tasks: bool
    send: Send
    login: Login | None = None
    viewer: Viewer | None = None
    bell: int = -1  # the version that it shows
    pinged_at: float = 0.0
    is_gone: bool = False
    # What is for it while somebody is looking up what it shows, or whether it may hear anything.
    held: list[str] | None = field(default_factory=list)


class Outbox:
    """Writes to the pages, each message to all that it is for, in the order in which they came."""

    def __init__(self) -> None:
        self.waiting: asyncio.Queue[tuple[tuple[Page, ...], Event]] = asyncio.Queue()

    def send(self, pages: Iterable[Page], text: str) -> None:
        """To those of them that are not held at once; the others get it when they are released."""
        ready = []
        for page in pages:
            if page.held is None:
                ready.append(page)
            else:
                page.held.append(text)
        if ready:
            self.waiting.put_nowait((tuple(ready), {"type": "websocket.send", "text": text}))

    def hold(self, page: Page) -> None:
        if page.held is None:
            page.held = []

    def release(self, page: Page, *first: str) -> None:
        """Send what is to come `first`, and then what was held."""
        held, page.held = page.held or [], None
        for text in (*first, *held):
            self.send([page], text)

    def close(self, page: Page, code: int) -> None:
        self.waiting.put_nowait(((page,), {"type": "websocket.close", "code": code}))

    async def run(self) -> None:
        while True:
            pages, event = await self.waiting.get()
            for number, page in enumerate(pages, start=1):
                if not page.is_gone:
                    await self.write(page, event)
                if number % AT_ONCE == 0:
                    await asyncio.sleep(0)

    async def write(self, page: Page, event: Event) -> None:
        try:
            await page.send(event)
        except Exception as error:  # it is being closed: its own task will hear of it
            page.is_gone = True
            log.debug("A page is gone: %r", error)
        if event["type"] == "websocket.close":
            page.is_gone = True
