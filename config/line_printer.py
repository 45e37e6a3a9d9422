"""Prints what the processes of `manage.py up` say, with honcho's prefixes."""

import datetime
import sys
from contextlib import suppress
from threading import Lock

from honcho.printer import Message, Printer


class LinePrinter(Printer):  # type: ignore[misc]  # honcho has no types
    """Prints whole lines from several threads, and outlives its terminal."""

    def __init__(self) -> None:
        super().__init__(sys.stdout, width=len("worker.1"))
        self.lock = Lock()

    def write(self, message: Message) -> None:
        # A terminal that is gone must not stop us from stopping in good order.
        with self.lock, suppress(OSError):
            super().write(message)

    def say(self, text: str) -> None:
        self.write(Message("line", text, now(), "belay", None))


def now() -> datetime.datetime:
    return datetime.datetime.now().astimezone()  # as the clock on the wall
