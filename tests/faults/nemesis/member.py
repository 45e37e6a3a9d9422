"""One process of the house: it dies, or is frozen, and comes back."""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests import nursery


@dataclass
class Member:
    """One process of the house, started again when a fault, or `heal`, asks for it."""

    name: str
    command: list[str]
    environment: dict[str, str]
    log: Path
    process: psutil.Process | None = None
    is_ours: bool = False  # its end, if it has ended, is this test's doing

    def start(self) -> None:
        if self.is_alive:
            return
        self.is_ours = False
        _, kind, *arguments = self.command
        if kind == "-m":
            _, *arguments = arguments
        begin = nursery.daphne if kind == "-m" else nursery.manage
        self.process = begin(*arguments, environment=self.environment, log=self.log)

    @property
    def is_alive(self) -> bool:
        """Of a Popen, is_running() is true until somebody has asked how it ended."""
        with suppress(psutil.NoSuchProcess):
            return self.process is not None and self.process.status() != psutil.STATUS_ZOMBIE
        return False

    @property
    def horses(self) -> list[psutil.Process]:
        """A work horse leads a process group of its own; the worker's scheduler doesn't."""
        with suppress(psutil.Error, ProcessLookupError):  # one that ends just now
            if self.process is not None:
                return [p for p in self.process.children() if os.getpgid(p.pid) == p.pid]
        return []

    @property
    def family(self) -> list[psutil.Process]:
        with suppress(psutil.Error):
            if self.process is not None and self.is_alive:
                return [self.process, *self.process.children(recursive=True)]
        return []

    def end(self, kill: bool = True) -> None:
        self.is_ours = True
        if self.process is not None and self.is_alive:
            if kill:
                self.process.kill()
            else:
                self.process.terminate()
