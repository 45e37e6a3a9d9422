"""Processes that fall silent in the middle: frozen, or gone without a word."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from signal import SIGCONT, SIGSTOP
from typing import Literal

import psutil
import psycopg
from django.conf import settings
from django.db import connection

from config.session_limits import session_options
from tests.servers import TCP_ADDRESS, child_environment

Fault = Literal["frozen", "vanished"]
FAULTS: list[Fault] = ["frozen", "vanished"]
HERE = Path(__file__).parent


class Silent:
    """A process with a database session that can be made `silent` by one of FAULTS."""

    def __init__(self, fault: Fault, *command: str, **environment: str) -> None:
        self.fault = fault
        self.proxy: subprocess.Popen[str] | None = None
        self.environment = child_environment() | environment
        if fault == "vanished":
            self.proxy = spawn([sys.executable, str(HERE / "proxy.py"), TCP_ADDRESS, "5432"])
            name = connection.settings_dict["NAME"]
            port = line_of(self.proxy)
            self.environment["DATABASE_URL"] = f"postgres://belay@127.0.0.1:{port}/{name}"
        self.process = spawn([sys.executable, *command], self.environment)

    def write(self, line: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()

    def read(self) -> str:
        return line_of(self.process)

    def fall_silent(self) -> None:
        if self.proxy:
            stop(self.proxy)
            self.process.kill()
        else:
            stop(self.process)

    def go_on(self) -> None:
        """Only who was frozen can."""
        assert not self.proxy
        self.process.send_signal(SIGCONT)

    def end(self) -> None:
        for process in (self.process, self.proxy):
            if process:
                process.kill()
                process.wait()


def spawn(command: list[str], environment: dict[str, str] | None = None) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command,
        cwd=settings.BASE_DIR,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def line_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline().strip()


def stop(process: subprocess.Popen[str]) -> None:
    process.send_signal(SIGSTOP)
    while psutil.Process(process.pid).status() != psutil.STATUS_STOPPED:
        pass


@contextmanager
def lane_process(fault: Fault) -> Iterator[Silent]:
    lane = Silent(fault, "-m", "tests.faults.lane_process")
    try:
        assert lane.read() == "ready"
        yield lane
    finally:
        lane.end()


@dataclass(frozen=True)
class Held:
    """Statements in a session of a web process or worker (`kind`) that take a lock, and keep it."""

    kind: str
    statements: tuple[str, ...]
    keeps_transaction: bool = True


@contextmanager
def holder(fault: Fault, sessions: Iterable[Held]) -> Iterator[Silent]:
    """One process that holds all these, and has fallen silent."""
    items = [
        asdict(one) | {"options": session_options({}, one.kind)["options"]} for one in sessions
    ]
    process = Silent(fault, str(HERE / "holder.py"), json.dumps(items))
    try:
        assert process.read() == "held"
        process.fall_silent()
        yield process
    finally:
        process.end()


@contextmanager
def in_the_way(*statements: str) -> Iterator[psycopg.Connection]:
    """A session of ours in a transaction with these statements; it ends with the block."""
    url = os.environ["DATABASE_URL"].replace("@/belay?", f"@/{connection.settings_dict['NAME']}?")
    with psycopg.connect(url) as session:
        for statement in statements:
            session.execute(statement)
        yield session
