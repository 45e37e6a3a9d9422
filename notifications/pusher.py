"""Sends to the open pages from code that is not async, by one lasting connection to Redis.

async_to_sync makes an event loop for each call, and the channel layer a connection for each loop:
4 ms, which every accept and every cancel of a task would pay.
"""

import asyncio
import os
import threading
from collections.abc import Iterable
from typing import Any

from channels.layers import get_channel_layer

TIMEOUT_SECONDS = 1.0  # what a push may cost the work when Redis hangs


class Pusher:
    """An event loop in a thread of this process, begun with the first push."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """A fork has no threads but the one that forked."""
        self.beginning = threading.Lock()
        self.loop: asyncio.AbstractEventLoop | None = None

    def send(self, messages: Iterable[tuple[str, dict[str, Any]]]) -> None:
        """Each message to its group. Raises whatever the layer does, and TimeoutError."""
        asyncio.run_coroutine_threadsafe(send_all(messages), self.running_loop()).result()

    def running_loop(self) -> asyncio.AbstractEventLoop:
        with self.beginning:
            if self.loop is None:
                self.loop = asyncio.new_event_loop()
                thread = threading.Thread(target=self.loop.run_forever, name="pusher", daemon=True)
                thread.start()
            return self.loop


async def send_all(messages: Iterable[tuple[str, dict[str, Any]]]) -> None:
    layer = get_channel_layer()
    async with asyncio.timeout(TIMEOUT_SECONDS):
        for group, message in messages:
            await layer.group_send(group, message)


pusher = Pusher()
os.register_at_fork(after_in_child=pusher.forget)
