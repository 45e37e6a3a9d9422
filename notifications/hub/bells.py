"""The bells of the pages that are open: those that rang, looked up together."""

import asyncio
import logging
from collections.abc import Iterable
from itertools import groupby
from typing import TYPE_CHECKING

from django.db import Error
from django.utils import timezone

from notifications.bell import BellNumbers, render_bells

from .viewers import Viewer, Watching, watching

if TYPE_CHECKING:
    from .hub import Hub

log = logging.getLogger(__name__)
GATHER_SECONDS = 0.03


class Bells:
    def __init__(self, hub: "Hub") -> None:
        self.hub = hub
        self.ringing: set[int] = set()
        self.has_some = asyncio.Event()

    def ring(self, users: Iterable[int]) -> None:
        """Something is new for these, or was read."""
        self.hub.admission.rung.update(users)
        watching = {page.viewer.user for page in self.hub.pages if page.viewer}
        self.ringing |= watching.intersection(users)
        if self.ringing:
            self.has_some.set()

    async def run(self) -> None:
        while True:
            await self.has_some.wait()
            await asyncio.sleep(GATHER_SECONDS)
            self.has_some.clear()
            users, self.ringing = self.ringing, set()
            pages = [page for page in self.hub.pages if page.viewer and page.viewer.user in users]
            await self.show(
                await self.hub.ask(watching, {page.login for page in pages if page.login})
            )

    async def show(self, found: Watching) -> None:
        """Send their bells to the pages that show them otherwise."""
        behind = {
            page: found[page.login]
            for page in self.hub.pages
            if page.login in found and page.bell != found[page.login][1].version
        }
        if not behind:
            return
        html = await self.hub.ask(bells_of, set(behind.values()))
        for page, (viewer, numbers) in behind.items():
            if page.bell >= 0:  # else it is about to be sent its first
                page.bell = numbers.version
                self.hub.outbox.send([page], html.get(viewer.user, ""))


def bells_of(found: Iterable[tuple[Viewer, BellNumbers]]) -> dict[int, str]:
    """How the bells of those users look now, each in its workspace's time.

    Without those that can't be rendered: they keep nobody else's from being shown.
    """
    html: dict[int, str] = {}
    in_order = sorted(found, key=lambda pair: pair[0].time_zone)
    for time_zone, some in groupby(in_order, key=lambda pair: pair[0].time_zone):
        numbers = {viewer.user: counted for viewer, counted in some}
        try:
            html |= in_zone(time_zone, numbers)
        except Error:
            raise
        except Exception:
            log.exception("Bells in the time of %s: each is rendered for itself", time_zone)
            html |= one_by_one(time_zone, numbers)
    return html


def in_zone(time_zone: str, numbers: dict[int, BellNumbers]) -> dict[int, str]:
    with timezone.override(time_zone):
        return render_bells(numbers)


def one_by_one(time_zone: str, numbers: dict[int, BellNumbers]) -> dict[int, str]:
    html: dict[int, str] = {}
    for user, counted in numbers.items():
        try:
            html |= in_zone(time_zone, {user: counted})
        except Error:
            raise
        except Exception as error:
            log.warning("The bell of user %s can't be rendered: %r", user, error)
    return html
