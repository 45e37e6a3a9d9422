"""An open page of one user: what its socket brings, held as static/js/live.js and updates.js do."""

import random
import re
import threading
import time
from contextlib import suppress

from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from .panel import Shown, actions_in, rows_in, ticks_in
from .world import Someone

PING_AFTER, PONG_WITHIN = 10, 5
TASKS = re.compile(r'\{"tasks": \[([\d, ]*)\]')


class LivePage:
    """A thread of its own: connects, listens, and connects again, until it is closed."""

    def __init__(self, port: int, who: Someone) -> None:
        self.port = port
        self.who = who
        self.rows: dict[int, Shown] = {}  # as the page shows them
        self.seen: list[Shown] = []  # everything that was told, shown or not
        self.actions: set[int] = set()
        self.tasks: set[int] = set()
        self.is_connected = False
        self.over = threading.Event()
        self.changed = threading.Lock()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self) -> None:
        tries = 0
        while not self.over.is_set():
            with suppress(OSError, WebSocketException), self.connected() as socket:
                tries = 0
                self.listen(socket)
            self.is_connected = False
            tries += 1
            self.over.wait(random.random() * min(0.5 * 2**tries, 4))

    def connected(self) -> ClientConnection:
        return connect(
            f"ws://127.0.0.1:{self.port}/ws/live/?tasks",
            origin=Origin(f"http://127.0.0.1:{self.port}"),
            additional_headers={"Cookie": f"sessionid={self.who.session}"},
            open_timeout=10,
            close_timeout=1,
            ping_interval=None,  # a browser sends none; the page's own ping goes through Redis
        )

    def listen(self, socket: ClientConnection) -> None:
        """Until it is closed, or gives no pong: then this page knows that it shows nothing new."""
        heard_at, pinged_at = time.monotonic(), 0.0
        while not self.over.is_set():
            now = time.monotonic()
            if pinged_at and now - pinged_at > PONG_WITHIN:
                return
            if not pinged_at and now - heard_at > PING_AFTER:
                pinged_at = now
                socket.send("ping")
            try:
                message = str(socket.recv(0.25))
            except TimeoutError:
                continue
            heard_at, pinged_at = time.monotonic(), 0.0
            self.hear(message)
            self.is_connected = True

    def hear(self, message: str) -> None:
        with self.changed:
            self.actions |= actions_in(message)
            for found in TASKS.findall(message):
                self.tasks |= {int(pk) for pk in found.split(",") if pk.strip()}
            rows = rows_in(message)
            if 'id="progress-list"' in message:
                listed = {row.action for row in rows}
                self.rows = {pk: row for pk, row in self.rows.items() if pk in listed}
            for row in [*rows, *ticks_in(message)]:
                self.seen.append(row)
                self.show(row)

    def show(self, row: Shown) -> None:
        """Nothing older than what is there. A tick leaves the status as it is."""
        shown = self.rows.get(row.action)
        if shown is None:
            if row.status:
                self.rows[row.action] = row
            return
        if row.version < shown.version:
            return
        status = row.status or shown.status
        self.rows[row.action] = Shown(row.action, row.version, row.processed, row.total, status)

    def shown(self) -> dict[int, Shown]:
        with self.changed:
            return dict(self.rows)

    def close(self) -> None:
        self.over.set()
        self.thread.join(15)
