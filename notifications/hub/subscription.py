"""What one process hears from Redis: one connection, one subscription for each channel."""

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import AsyncIterator, Callable

import redis
import redis.asyncio
from django.conf import settings
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

log = logging.getLogger(__name__)
ASK_AFTER = 0.5  # seconds without a word, then Redis is asked whether it is there
SILENT_AFTER = 2.0  # without one to that either, it is taken for gone
WAIT_AT_MOST = 5.0  # between two tries to connect


class Subscription:
    """Hears for as long as `run` runs, and connects again however long Redis is away.

    `hear` gets each message. `changed` is called when every channel is subscribed to, and when that
    is lost: what is published in between is not heard.
    """

    def __init__(self, hear: Callable[[str, bytes], None], changed: Callable[[], None]) -> None:
        self.hear = hear
        self.changed = changed
        self.wanted: dict[str, asyncio.Event] = {}  # by channel: set while it is subscribed to
        self.asked: set[str] = set()
        self.pubsub: PubSub | None = None
        self.heard_at = 0.0
        self.is_up = False
        self.changing = asyncio.Lock()  # or an UNSUBSCRIBE could overtake a SUBSCRIBE

    async def join(self, channel: str) -> bool:
        """Hear that channel too. False when that can't be had at present: then it will be."""
        joined = self.wanted.setdefault(channel, asyncio.Event())
        if not self.is_up:
            return False
        try:
            async with asyncio.timeout(SILENT_AFTER):
                await self.subscribe()
                await joined.wait()
        except (redis.RedisError, OSError, TimeoutError):
            return False
        return True

    async def leave(self, channel: str) -> None:
        async with self.changing:
            self.wanted.pop(channel, None)
            self.asked.discard(channel)
            if self.is_up and self.pubsub:
                with contextlib.suppress(redis.RedisError, OSError):
                    await self.pubsub.unsubscribe(channel)

    async def subscribe(self) -> None:
        """To what is wanted and was not asked for on this connection."""
        async with self.changing:
            new = self.wanted.keys() - self.asked
            if new and self.pubsub:
                self.asked |= new
                await self.pubsub.subscribe(*new)

    async def run(self) -> None:
        wait = 0.1
        while True:
            began = time.monotonic()
            try:
                await self.listen()
            except (redis.RedisError, OSError) as error:
                log.warning("No live updates through Redis: %r", error)
            finally:
                was_up, self.is_up, self.pubsub, self.asked = self.is_up, False, None, set()
                for joined in self.wanted.values():
                    joined.clear()
                if was_up:
                    self.changed()
            wait = 0.1 if time.monotonic() - began > WAIT_AT_MOST else min(2 * wait, WAIT_AT_MOST)
            await asyncio.sleep(wait * random.uniform(0.5, 1))

    async def listen(self) -> None:
        """Hear until the connection fails. Raises redis.RedisError or OSError then."""
        async with self.connection() as self.pubsub:
            self.heard_at = time.monotonic()
            while True:
                await self.subscribe()  # also to what came to be wanted while it was connecting
                message = await self.pubsub.get_message(timeout=ASK_AFTER)
                now = time.monotonic()
                if message is None:
                    if now - self.heard_at > SILENT_AFTER:
                        raise redis.ConnectionError("Redis is silent.")
                    await self.pubsub.ping()
                    continue
                self.heard_at = now
                if message["type"] == "message":
                    self.hear(message["channel"].decode(), message["data"])
                elif message["type"] == "subscribe":
                    self.confirm(message["channel"].decode())

    def confirm(self, channel: str) -> None:
        if channel in self.wanted:
            self.wanted[channel].set()
        if not self.is_up and all(joined.is_set() for joined in self.wanted.values()):
            self.is_up = True
            self.changed()

    @contextlib.asynccontextmanager
    async def connection(self) -> AsyncIterator[PubSub]:
        # Without retries of its own: what was missed meanwhile is to be looked up.
        client = redis.asyncio.Redis.from_url(
            settings.REDIS_URL,
            socket_connect_timeout=SILENT_AFTER,
            socket_timeout=None,
            retry=Retry(NoBackoff(), 0),
        )
        async with client, client.pubsub() as pubsub:
            yield pubsub
