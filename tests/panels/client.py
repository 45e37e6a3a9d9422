"""Many open panels, in a process of their own: `python -m tests.panels.client PORT SESSION…`.

They do what a page does with what it hears, and connect again as a page does. Each line that comes
in asks a question, and is answered with one line of JSON; the answer to `times` empties its list.
"""

import asyncio
import contextlib
import json
import random
import re
import sys
import time
from collections import Counter
from dataclasses import dataclass, field

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.typing import Origin

ROW = re.compile(r'<li [^>]*id="bulk-action-(\d+)" data-status="(\w+)" data-version="(\d+)"')
PART = re.compile(r'id="bulk-action-(\d+)-progress" data-version="(\d+)"')


@dataclass(eq=False)
class Panel:
    """One open page: its rows as {action: (version, status)}."""

    port: int
    session: str
    rows: dict[int, tuple[int, str]] = field(default_factory=dict)
    heard: set[tuple[int, int]] = field(default_factory=set)  # action and version, since asked
    is_shown: bool = False
    went_back: int = 0
    tries: int = 0

    async def live(self, times: list[tuple[int, int, float]]) -> None:
        while True:
            with contextlib.suppress(OSError, WebSocketException, TimeoutError):
                async with connect(
                    f"ws://127.0.0.1:{self.port}/ws/live/",
                    origin=Origin(f"http://127.0.0.1:{self.port}"),
                    additional_headers={"Cookie": f"sessionid={self.session}"},
                    compression=None,
                    ping_interval=None,
                    open_timeout=20,
                ) as socket:
                    await self.hear(socket, times)
            self.is_shown = False
            await asyncio.sleep(self.delay())

    def delay(self) -> float:
        """As in live.js."""
        self.tries += 1
        return float(min(1.6 ** (self.tries - 1), 15) * (0.5 + random.random()))

    async def hear(self, socket: ClientConnection, times: list[tuple[int, int, float]]) -> None:
        async for message in socket:
            now, text = time.time(), str(message)
            self.tries = 0
            if 'id="progress-list"' in text:
                self.is_shown = True
            for pk, status, version in ROW.findall(text):
                self.take(int(pk), int(version), status)
            for pk, version in PART.findall(text):
                action, number = int(pk), int(version)
                self.take(action, number, self.rows.get(action, (0, "?"))[1])
                if (action, number) not in self.heard:
                    self.heard.add((action, number))
                    times.append((action, number, now))

    def take(self, pk: int, version: int, status: str) -> None:
        known = self.rows.get(pk, (0, ""))
        if version >= known[0]:
            self.rows[pk] = (version, status)


async def main(port: int, sessions: list[str]) -> None:
    times: list[tuple[int, int, float]] = []
    panels = [Panel(port, session) for session in sessions]
    tasks = []
    answers = {
        "shown": lambda: sum(panel.is_shown for panel in panels),
        "rows": lambda: Counter(json.dumps(panel.rows) for panel in panels if panel.is_shown),
        "heard": lambda: Counter(f"{pk} {n}" for panel in panels for pk, n in panel.heard),
        "times": lambda: [times.pop() for _ in range(len(times))],
    }
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    for number, panel in enumerate(panels, start=1):
        tasks.append(asyncio.create_task(panel.live(times)))
        if number % 10 == 0:
            await asyncio.sleep(0.02)
    while line := (await reader.readline()).decode().strip():
        print(json.dumps(answers[line]()), flush=True)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2:]))
