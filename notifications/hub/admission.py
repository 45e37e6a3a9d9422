"""Pages that have just connected: who they belong to, and the panel that each is sent first.

Those that come within GATHER_SECONDS share each question to the database, and pages that see the
same share one panel: after a restart a thousand of them connect at once.
"""

import asyncio
import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist
from django.db import Error

from notifications.live import login_mark
from notifications.publishing import workspace_channel

from .audience import Audience, Found
from .bells import GATHER_SECONDS, bells_of
from .page import NOT_ALLOWED, TOO_MANY, Page
from .viewers import Login, Viewer, Watching, logins_of, watching

if TYPE_CHECKING:
    from .hub import Hub

log = logging.getLogger(__name__)
MOST_AT_ONCE = 200
PUT_OFF_SECONDS = 5.0  # pages of a workspace whose panel can't be made, the first time
PUT_OFF_AT_MOST = 300.0
WAIT_AT_MOST = 5.0  # between two tries, while the database is away


class Admission:
    def __init__(self, hub: "Hub") -> None:
        self.hub = hub
        self.waiting: dict[Page, None] = {}
        self.has_some = asyncio.Event()
        # Since the pages at hand were asked about: whose bell rang, and whose rights (a user) or
        # login (its mark) changed.
        self.rung: set[int] = set()
        self.changed: set[int | str] = set()
        self.failures: dict[int, int] = {}  # in a row, by workspace

    def add(self, page: Page) -> None:
        self.waiting[page] = None
        self.has_some.set()

    def drop(self, page: Page) -> None:
        self.waiting.pop(page, None)

    async def run(self) -> None:
        wait = GATHER_SECONDS
        while True:
            await self.has_some.wait()
            await asyncio.sleep(wait)
            batch = list(self.waiting)[:MOST_AT_ONCE]
            try:
                await self.admit(batch)
            except Error as error:
                log.warning("No page can be admitted: %r", error)
                wait = min(4 * wait, WAIT_AT_MOST)
                continue
            wait = GATHER_SECONDS
            if not self.waiting:
                self.has_some.clear()

    async def admit(self, pages: list[Page]) -> None:
        """Send each what it shows, or away. Raises django.db.Error, and then they wait on."""
        hub = self.hub
        self.rung, self.changed = set(), set()
        logins, found = await hub.ask(ask_for, [page.session_key for page in pages])
        newcomers: dict[Audience, list[Page]] = {}
        for page in pages:
            if page not in self.waiting:
                continue  # it has gone
            page.login = logins.get(page.session_key)
            if page.login is None or page.login not in found:
                self.drop(page)
                hub.outbox.close(page, NOT_ALLOWED)
                continue
            viewer, _ = found[page.login]
            if hub.pages_of[viewer.user] >= settings.SOCKETS_PER_USER:
                self.drop(page)
                hub.outbox.close(page, TOO_MANY)
            elif not self.has_changed(page, viewer):
                newcomers.setdefault(hub.join(page, viewer), []).append(page)
        try:
            await self.show(newcomers, found)
        except BaseException:
            for page in self.waiting:
                hub.part(page)
            raise

    def put_off(self, audience: Audience, pages: list[Page]) -> None:
        """Have them wait for the next try, with a delay that grows; the page asks the server
        meanwhile, as without a socket."""
        failures = self.failures[audience.workspace] = self.failures.get(audience.workspace, 0) + 1
        for page in pages:
            self.drop(page)
            self.hub.part(page)
        seconds = min(PUT_OFF_SECONDS * 2 ** min(failures - 1, 10), PUT_OFF_AT_MOST)
        asyncio.get_running_loop().call_later(seconds, self.add_again, pages)

    def add_again(self, pages: list[Page]) -> None:
        for page in pages:
            if not page.is_gone:
                self.add(page)

    def has_changed(self, page: Page, viewer: Viewer) -> bool:
        """Whether what was found may be out of date. Then the page waits for the next question."""
        return viewer.user in self.changed or login_mark(page.session_key) in self.changed

    async def show(self, newcomers: dict[Audience, list[Page]], found: Watching) -> None:
        hub = self.hub
        for audience in newcomers:
            await hub.subscription.join(workspace_channel(audience.workspace))
        pages = [page for some in newcomers.values() for page in some]
        bells = await hub.ask(bells_of, {found[page.login] for page in pages if page.login})
        for audience, some in newcomers.items():
            try:
                panel = await self.panel_of(audience)
            except ObjectDoesNotExist:  # the workspace was deleted at this moment
                for page in some:
                    self.drop(page)
                    hub.send_away(page)
                continue
            except Error:
                raise
            except Exception:  # others are admitted all the same
                log.exception("The panel of workspace %s", audience.workspace)
                self.put_off(audience, some)
                continue
            self.failures.pop(audience.workspace, None)
            for page in some:
                if page not in self.waiting or page.login is None:
                    continue
                viewer, numbers = found[page.login]
                if self.has_changed(page, viewer):
                    hub.part(page)
                    continue
                self.drop(page)
                page.bell = numbers.version
                hub.outbox.release(page, panel.html + bells.get(viewer.user, ""))
        hub.bells.ring(self.rung)

    async def panel_of(self, audience: Audience) -> Found:
        """As of now: its pages hear every change from before the question on."""
        if audience.fresh_panel:
            return audience.fresh_panel
        changes = audience.changes
        found = await self.hub.ask(audience.find_panel)
        self.hub.look_up(audience, audience.took_panel(found, changes))
        return found


def ask_for(session_keys: Iterable[str]) -> tuple[dict[str, Login], Watching]:
    logins = logins_of(session_keys)
    return logins, watching(logins.values())
