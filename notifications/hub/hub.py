"""The hub of one web process: all pages that are open on it, and what each of them is told.

What is pushed comes once, by one subscription for each workspace, and is written to all its pages.
The database is asked only for what is missing, and once for all pages that miss it: when pages
connect, when a push was lost, and every CHECK_SECONDS by one question for all of them (who may
still watch, what their bells say) and one for each audience (is its panel right?). While Redis is
away the check runs every AWAY_SECONDS instead: pages stay right without it.
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import Any, ParamSpec, TypeVar

from django.conf import settings
from django.db import Error, connection

from notifications.publishing import people_channel, workspace_channel
from notifications.threads import Threads

from .admission import Admission
from .audience import Audience
from .bells import Bells
from .page import NOT_ALLOWED, TOO_MANY, Outbox, Page
from .pushes import Pushes
from .subscription import Subscription
from .viewers import Viewer, Watching, watching

log = logging.getLogger(__name__)
P = ParamSpec("P")
T = TypeVar("T")
CHECK_SECONDS = 10.0
AWAY_SECONDS = 2.0
PROOF_SECONDS = 4.0  # a page's ping is answered when something proved that pushes arrive


class Hub:
    def __init__(self) -> None:
        self.pages: set[Page] = set()
        self.pages_of: Counter[int] = Counter()  # by user
        self.audiences: dict[tuple[int, frozenset[int] | None], Audience] = {}
        self.suspects: dict[Page, int] = {}  # held until it is known what they may see
        self.unanswered: set[Page] = set()  # that pinged while nothing proved anything
        self.suspicions = 0
        self.checked_at = 0.0
        self.tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """In the server's event loop, with the first page."""
        self.database = Threads("hub", 1)
        self.check_soon = asyncio.Event()
        self.outbox = Outbox()
        self.subscription = Subscription(Pushes(self).hear, changed=self.check_soon.set)
        self.subscription.wanted[people_channel()] = asyncio.Event()
        self.admission = Admission(self)
        self.bells = Bells(self)
        work = (self.outbox.run, self.subscription.run, self.admission.run, self.bells.run)
        self.tasks = [asyncio.create_task(go_on(job)) for job in (*work, self.check_always)]

    async def ask(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What `call` finds in the database, in the one thread that the hub has for it."""
        asked = partial(call, *args, **kwargs)
        return await asyncio.wrap_future(self.database.submit(connected, asked))

    # --- pages come and go ---

    def arrive(self, page: Page) -> None:
        if not self.tasks:
            self.start()
        if len(self.pages) + len(self.admission.waiting) >= settings.SOCKETS_PER_PROCESS:
            self.outbox.close(page, TOO_MANY)
            return
        self.admission.add(page)

    def join(self, page: Page, viewer: Viewer) -> Audience:
        """From here on it is heard for the page, which is still held."""
        page.viewer, page.held = viewer, []
        key = (viewer.workspace, viewer.openings)
        audience = self.audiences.setdefault(key, Audience(*key))
        audience.pages.add(page)
        if page not in self.pages:
            self.pages.add(page)
            self.pages_of[viewer.user] += 1
        return audience

    def part(self, page: Page) -> None:
        if page in self.pages and page.viewer:
            self.pages.remove(page)
            self.pages_of[page.viewer.user] -= 1
            if not self.pages_of[page.viewer.user]:
                del self.pages_of[page.viewer.user]
        self.suspects.pop(page, None)
        self.unanswered.discard(page)
        if page.viewer and (audience := self.audience_of(page)):
            audience.pages.discard(page)
            if not audience.pages:
                del self.audiences[audience.workspace, audience.openings]

    def leave(self, page: Page) -> None:
        """Its socket is closed."""
        page.is_gone = True
        self.admission.drop(page)
        self.part(page)

    def send_away(self, page: Page) -> None:
        """It may not watch, or not the same as before; it will ask the server and learn why."""
        self.part(page)
        self.outbox.close(page, NOT_ALLOWED)

    def suspect(self, page: Page) -> None:
        """What it may see has changed: nothing more for it until a later question says what."""
        self.suspicions += 1
        if page.held is None:
            self.outbox.hold(page)
        elif page not in self.suspects:
            return  # it has just connected, and admission asks again
        self.suspects[page] = self.suspicions

    def audience_of(self, page: Page) -> Audience | None:
        assert page.viewer
        return self.audiences.get((page.viewer.workspace, page.viewer.openings))

    def of_workspace(self, pk: int) -> list[Audience]:
        return [audience for audience in self.audiences.values() if audience.workspace == pk]

    # --- what a page asks ---

    def ping(self, page: Page) -> None:
        """Answered when pushes arrive at present, or as soon as the database was asked instead."""
        now = time.monotonic()
        if now - page.pinged_at < 1:
            return
        page.pinged_at = now
        heard_at = self.subscription.heard_at if self.subscription.is_up else 0.0
        if now - max(heard_at, self.checked_at) < PROOF_SECONDS:
            self.outbox.send([page], "pong")
        else:
            self.unanswered.add(page)

    # --- what was missed ---

    def look_up(self, audience: Audience, pks: Iterable[int]) -> None:
        """Have rows that its pages miss sent to all of them."""
        audience.wanted |= set(pks)
        if audience.wanted and not audience.is_looking:
            audience.is_looking = True
            task = asyncio.create_task(self.send_rows(audience))
            self.tasks.append(task)
            task.add_done_callback(self.tasks.remove)

    async def send_rows(self, audience: Audience) -> None:
        try:
            while audience.wanted:
                pks, audience.wanted = audience.wanted, set()
                found = await self.ask(audience.find_rows, pks)
                html = audience.took_rows(found)
                self.outbox.send(audience.pages, html + audience.count_html)
                audience.wanted |= audience.newly_listed()
        except Exception:
            log.exception("Rows could not be looked up; the next check finds them again.")
        finally:
            audience.is_looking = False

    async def check_always(self) -> None:
        while True:
            seconds = CHECK_SECONDS if self.subscription.is_up else AWAY_SECONDS
            try:
                async with asyncio.timeout(seconds):
                    await self.check_soon.wait()
            except TimeoutError:
                pass
            self.check_soon.clear()
            try:
                await self.check()
            except Error as error:
                log.warning("The open pages can't be checked: %r", error)
                await asyncio.sleep(1)
                self.check_soon.set()

    async def check(self) -> None:
        """Whether everybody may still watch and sees what there is."""
        for channel in self.subscription.wanted.keys() - self.channels():
            await self.subscription.leave(channel)
        pages, suspects, audiences = set(self.pages), {**self.suspects}, [*self.audiences.values()]
        if not pages:
            return
        found = await self.ask(watching, {page.login for page in pages if page.login})
        self.judge(pages, suspects, found)
        await self.bells.show(found)
        for audience in audiences:
            try:
                self.look_up(audience, audience.missed(await self.ask(audience.look)))
            except Error as error:  # the others' panels are to be right all the same
                log.warning("Panels of workspace %s: %r", audience.workspace, error)
            except Exception:
                log.exception("Panels of workspace %s", audience.workspace)
        self.checked_at = time.monotonic()
        self.outbox.send(self.unanswered, "pong")
        self.unanswered.clear()

    def channels(self) -> set[str]:
        return {people_channel(), *(workspace_channel(pk) for pk, _ in self.audiences)}

    def judge(self, pages: set[Page], suspects: dict[Page, int], found: Watching) -> None:
        """Send away who may not watch, or not the same; let the suspects hear who may.

        Not one that has become suspect again since `suspects` were asked about.
        """
        for page in pages & self.pages:
            assert page.login
            viewer, _ = found.get(page.login, (None, None))
            if viewer != page.viewer:
                self.send_away(page)
            elif page in suspects and self.suspects.get(page) == suspects[page]:
                del self.suspects[page]
                self.outbox.release(page)


def connected(call: Callable[[], T]) -> T:
    try:
        return call()
    finally:
        connection.close()  # back into the pool


async def go_on(work: Callable[[], Awaitable[Any]]) -> None:
    """Do it for as long as the process lives, whatever goes wrong meanwhile."""
    while True:
        try:
            await work()
        except Exception:
            log.exception("%s failed and begins again.", work.__qualname__)
            await asyncio.sleep(1)


hub = Hub()
