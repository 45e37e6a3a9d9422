"""One process of the house: it dies, or is frozen, and comes back."""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
from django.conf import settings

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
        if self.command[1].endswith("manage.py"):
            _, _, *command = self.command
            self.process = nursery.manage(*command, environment=self.environment, log=self.log)
            return
        with self.log.open("a") as log:
            self.process = psutil.Popen(
                self.command,
                cwd=settings.BASE_DIR,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

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
