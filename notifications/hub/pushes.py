"""What a hub hears through Redis: whose pages each message is for, and what they are sent."""

import asyncio
import json
import logging
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from notifications.live import login_mark
from notifications.publishing import Message, people_channel

from .audience import Audience

if TYPE_CHECKING:
    from .hub import Hub

log = logging.getLogger(__name__)
NEWS_SECONDS = 1.0  # between two of the same kind


class Pushes:
    def __init__(self, hub: "Hub") -> None:
        self.hub = hub
        self.people: dict[str, Callable[[Message], None]] = {
            "bell": lambda message: hub.bells.ring(message["users"]),
            "access": self.hear_of_access,
            "logout": self.hear_of_logout,
        }
        self.about: dict[str, Callable[[Audience, Message], None]] = {
            "action": self.tell_action,
            "tasks": self.tell_tasks,
            "news": self.tell_news,
        }

    def hear(self, channel: str, data: bytes) -> None:
        try:
            message = json.loads(data)
            if channel == people_channel():
                self.people[message["type"]](message)
                return
            for audience in self.hub.of_workspace(int(channel.rsplit("-", 1)[-1])):
                self.about[message["type"]](audience, message)
        except Exception:  # a newer Belay's, perhaps: it must not stop those of others
            log.exception("A message on %s was not understood.", channel)

    def tell_action(self, audience: Audience, message: Message) -> None:
        if not audience.sees(message["openings"]):
            return
        text = audience.take(message)
        if text is None:
            self.hub.look_up(audience, [message["action"]])
        elif text:
            self.hub.outbox.send(audience.pages, text)
            self.hub.look_up(audience, audience.newly_listed())

    def tell_tasks(self, audience: Audience, message: Message) -> None:
        """The ids of tasks, and whether they left the queue: the page asks for what it shows."""
        tasks = [message["tasks"]]
        if audience.openings is not None:
            tasks = [ids for pk, ids in message["in_openings"].items() if audience.sees([int(pk)])]
        pages = [page for page in audience.pages if page.hears_tasks]
        for ids in tasks:
            self.hub.outbox.send(pages, json.dumps({"tasks": ids, "gone": message["gone"]}))

    def tell_news(self, audience: Audience, message: Message) -> None:
        """That something of a kind changed, at most once in NEWS_SECONDS."""
        now, about = time.monotonic(), message["about"]
        at = max(now, audience.news_at.get(about, 0.0) + NEWS_SECONDS)
        if audience.sees(message["openings"]) and audience.news_at.get(about, 0.0) <= now:
            audience.news_at[about] = at
            tell = partial(self.hub.outbox.send, audience.pages, json.dumps({"news": about}))
            asyncio.get_running_loop().call_later(at - now, tell)

    def hear_of_access(self, message: Message) -> None:
        """Nothing more for these users until it is known what they may see now."""
        users = set(message["users"])
        self.hub.admission.changed |= users
        for page in self.hub.pages:
            if page.viewer and page.viewer.user in users:
                self.hub.suspect(page)
        if self.hub.suspects:
            self.hub.check_soon.set()

    def hear_of_logout(self, message: Message) -> None:
        self.hub.admission.changed.add(message["login"])
        for page in list(self.hub.pages):
            if login_mark(page.session_key) == message["login"]:
                self.hub.send_away(page)
