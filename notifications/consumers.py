"""The socket of one open page: what is in the panel, from the database, and then each change."""

import json
import time
from importlib import import_module
from typing import Any, cast
from urllib.parse import parse_qs

from channels.auth import get_user
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone

from pipeline.bulk_actions.models import ACTIVE
from pipeline.workspaces.models import User, membership_of

from .bell import Bell
from .groups import Access, access_of, session_group
from .panel import Panel, in_panel_of

CHECK_SECONDS = 10  # how long a socket may outlive its session, membership or openings
NOT_ALLOWED = 4401


class LiveConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]
    """Sends HTML to one page; hears nothing from it but `ping`.

    A page that shows tasks connects with `?tasks`, and is sent JSON about these, too.

    Who is listening is asked again every CHECK_SECONDS while something is sent or the page pings,
    and so is what the panel should show: a push that Redis lost comes as a new snapshot then.
    """

    access: Access | None = None
    checked_at = 0.0
    pinged_at = 0.0

    async def connect(self) -> None:
        await self.accept()  # first: a browser is not told why a handshake is refused
        self.statuses: dict[int, str] = {}  # what the page shows: {action: status}
        self.bell_version = 0  # and the bell, as of then
        self.user = await self.fresh_user()
        self.access, *_ = await database_sync_to_async(look)(self.user)
        if self.access is None:
            await self.close(NOT_ALLOWED)
            return
        self.session_group = session_group(self.scope["session"].session_key)
        for group in self.groups_heard(self.access):
            await self.channel_layer.group_add(group, self.channel_name)
        # Only now that every change from here on is heard: so nothing falls in between.
        await self.check(snapshot=True)

    async def disconnect(self, code: int) -> None:
        if self.access:
            for group in self.groups_heard(self.access):
                await self.channel_layer.group_discard(group, self.channel_name)

    def groups_heard(self, access: Access) -> list[str]:
        query = parse_qs(self.scope["query_string"].decode("latin-1"), keep_blank_values=True)
        of_tasks = access.task_groups if "tasks" in query else []
        return [self.session_group, *access.groups, *of_tasks]

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """A ping is answered through Redis, so that its answer proves the whole way of a push."""
        now = time.monotonic()
        if text_data != "ping" or now - self.pinged_at < 1:
            return
        self.pinged_at = now
        await self.channel_layer.send(self.channel_name, {"type": "pong"})

    async def pong(self, message: dict[str, Any]) -> None:
        await self.send("pong")
        if self.is_check_due():
            await self.check()

    async def logged_out(self, message: dict[str, Any]) -> None:
        await self.leave()

    async def bulk_action_changed(self, message: dict[str, Any]) -> None:
        pk, status = message["action"], message["status"]
        arriving = {pk: status} if message["status_changed"] else {}
        is_behind = self.statuses.get(pk) != status
        if (arriving or is_behind or self.is_check_due()) and not await self.check(arriving):
            return
        if pk in self.statuses:
            await self.send(message["html"])

    async def tasks_changed(self, message: dict[str, Any]) -> None:
        """The ids of tasks, and whether they left the queue: the page asks for what it shows."""
        if not self.is_check_due() or await self.check():
            await self.send(json.dumps({"tasks": message["tasks"], "gone": message["gone"]}))

    async def bell_changed(self, message: dict[str, Any]) -> None:
        await self.check()

    def is_check_due(self) -> bool:
        return time.monotonic() - self.checked_at >= CHECK_SECONDS

    async def check(self, arriving: dict[int, str] | None = None, snapshot: bool = False) -> bool:
        """Ask the database who listens and what is to be shown. False when the socket had to go.

        Sends the count when a status is `arriving`, and the whole panel where the page, even with
        that, would show another status than the database has. The bell is sent when it changed.
        """
        self.user = await self.fresh_user()
        access, statuses, bell_version = await database_sync_to_async(look)(self.user)
        if access is None or access != self.access:
            await self.leave()
            return False
        self.checked_at = time.monotonic()
        expected = self.statuses | (arriving or {})
        lost = any(expected.get(pk) != status for pk, status in statuses.items())
        has_rung = bell_version != self.bell_version
        self.statuses, self.bell_version = statuses, bell_version
        if snapshot or lost:
            await self.send(await database_sync_to_async(snapshot_of)(self.user))
            return True
        if arriving:
            count = sum(status in ACTIVE for status in statuses.values())
            await self.send(render_to_string("notifications/_count.html", {"count": count}))
        if has_rung:
            await self.send(await database_sync_to_async(bell_of)(self.user))
        return True

    async def leave(self) -> None:
        if self.access:
            await self.disconnect(NOT_ALLOWED)
            self.access = None
            self.statuses = {}
            await self.close(NOT_ALLOWED)

    async def fresh_user(self) -> User:
        """The session's user as of now: nobody after a logout or when deactivated."""
        store = import_module(settings.SESSION_ENGINE).SessionStore
        user = await get_user({"session": store(self.scope["session"].session_key)})
        return cast("User", user)


def look(user: User) -> tuple[Access | None, dict[int, str], int]:
    statuses = dict(in_panel_of(user).values_list("pk", "status"))
    return access_of(user), statuses, Bell(user).version


def snapshot_of(user: User) -> str:
    return html_for(user, "notifications/_snapshot.html")


def bell_of(user: User) -> str:
    return html_for(user, "notifications/_bell.html")


def html_for(user: User, template: str) -> str:
    membership = membership_of(user)
    if membership is None:
        return ""
    with timezone.override(membership.workspace.tz):
        context = {"panel": Panel(user, membership), "bell": Bell(user)}
        return render_to_string(template, context)
