"""All processes of Belay as `up` runs them, on the servers of this test run, to be broken."""

import shlex
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import requests
from django.db import connection

from config.management.commands.up import Command
from tests import nursery, servers
from tests.daphne import free_port
from tests.faults.silent import line_of, spawn, stop
from tests.providers import MailServer
from tests.servers import TCP_ADDRESS, child_environment

from .member import Member

PROXY = Path(__file__).parents[1] / "proxy.py"
READY_WITHIN = 15  # seconds after the last server is back
RECOVERY = 15.0  # for so long after an outage an answer may still be a 503
SETTINGS = {
    "BULK_TURN_SECONDS": "1",
    "BULK_CHUNK_SIZE": "170",  # of two lanes: 30 each
    "BULK_LANES": "2",
    "JOURNEY_TURN_SECONDS": "1",
    "BULK_PUSH_SECONDS": "0.2",
}


@dataclass
class House:
    folder: Path
    mail: MailServer
    port: int = field(default_factory=free_port)
    members: dict[str, Member] = field(default_factory=dict)
    network: subprocess.Popen[str] = field(init=False)
    frozen: list[psutil.Process] = field(default_factory=list)
    gone: list[subprocess.Popen[str]] = field(default_factory=list)  # the network of lost machines
    outages: list[tuple[str, float, float]] = field(default_factory=list)  # what, from, until
    complaints: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)  # which faults there were, as they came
    kept: dict[str, threading.Lock] = field(default_factory=dict)  # by server: one fault at a time

    @classmethod
    def open(cls, folder: Path) -> "House":
        house = cls(folder, MailServer())
        up = Command()
        up.port, up.workers = house.port, 2
        environment = (
            child_environment()
            | {"PYTHONUNBUFFERED": "1", "PUBLIC_URL": house.url}
            | SETTINGS
            | house.mail.environment
            | {"MESSAGE_TIMEOUT_SECONDS": "1"}
        )
        for name, line in up.commands():
            command = shlex.split(line.removeprefix("exec "))
            house.members[name] = Member(name, command, environment, folder / f"{name}.log")
        house.replace_machine()
        for member in house.members.values():
            member.start()
        house.wait_until_ready(120)
        return house

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def web(self) -> Member:
        return self.members["web"]

    @property
    def cron(self) -> Member:
        return self.members["cron"]

    @property
    def workers(self) -> list[Member]:
        return [one for name, one in self.members.items() if name not in ("web", "cron")]

    @property
    def remote(self) -> Member:
        """One worker is on a machine of its own, and comes to PostgreSQL through a network."""
        return next(one for name, one in self.members.items() if name.startswith("worker"))

    def lose_machine(self) -> None:
        """Without a word: the network first, so that PostgreSQL is told of no end."""
        stop(self.network)
        self.gone.append(self.network)
        self.remote.is_ours = True
        for process in self.remote.family:
            with suppress(psutil.Error):
                process.kill()

    def replace_machine(self) -> None:
        self.network = spawn([sys.executable, str(PROXY), TCP_ADDRESS, "5432"])
        name = connection.settings_dict["NAME"]
        address = f"postgres://belay@127.0.0.1:{line_of(self.network)}/{name}"
        self.remote.environment = self.remote.environment | {"DATABASE_URL": address}
        self.remote.start()

    def bury_the_lost(self) -> None:
        """What was left of them to PostgreSQL."""
        for network in self.gone:
            network.kill()
            network.wait()
        self.gone.clear()

    def wait_until_ready(self, seconds: float) -> bool:
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            with suppress(requests.RequestException):
                if requests.get(f"{self.url}/readyz", timeout=5).status_code == 200:
                    return True
            time.sleep(0.1)
        return False

    def wait_until_alive(self) -> None:
        """The web process answers again, whatever it needs to be ready."""
        for _ in range(1200):
            with suppress(requests.RequestException):
                requests.get(f"{self.url}/healthz", timeout=5)
                return
            time.sleep(0.05)

    @contextmanager
    def outage(self, what: str) -> Iterator[None]:
        """What happens within it, and shortly after, is not Belay's doing: `what` is away."""
        with self.kept.setdefault(what, threading.Lock()):
            began = time.time()
            try:
                yield
            finally:
                self.outages.append((what, began, time.time()))

    def was_out(self, began: float, ended: float, *what: str, recovery: float = RECOVERY) -> bool:
        return any(
            name in what and since <= ended and began <= until + recovery
            for name, since, until in list(self.outages)
        )

    # --- breaking and mending ---

    def freeze(self, processes: list[psutil.Process]) -> None:
        for process in processes:
            with suppress(psutil.Error):
                process.suspend()
                self.frozen.append(process)

    def thaw(self, processes: list[psutil.Process]) -> None:
        for process in reversed(processes):
            with suppress(psutil.Error):
                process.resume()

    def heal(self) -> list[str]:
        """Everything runs again. Returns what ended by itself, with its last words."""
        self.mail.behave()
        self.thaw(self.frozen)
        self.frozen.clear()
        self.bury_the_lost()
        for server in (servers.postgres, servers.redis):
            assert server
            assert server.process
            if server.process.poll() is not None:
                server.start()
            server.wait_until_ready()
        connection.close()  # this process's own may be to a server that is no more
        ended = [m for m in self.members.values() if not m.is_alive and not m.is_ours]
        ends = [f"{m.name} ended by itself:\n{last_words(m.log)}" for m in ended]
        for member in self.members.values():
            member.start()
        return ends

    def replace_workers(self) -> None:
        for worker in self.workers:
            worker.end()
            if worker.process is not None:
                worker.process.wait()
            worker.start()
        self.wait_until_ready(60)

    def close(self) -> None:
        self.thaw(self.frozen)
        everybody = [process for member in self.members.values() for process in member.family]
        for process in [*everybody, *nursery.orphans()]:
            with suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(everybody, timeout=10)
        self.gone.append(self.network)
        self.bury_the_lost()
        self.mail.stop()


def last_words(log: Path, lines: int = 12) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
