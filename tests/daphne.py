"""A real daphne on the test database."""

import contextlib
import socket
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from tests import nursery
from tests.servers import child_environment


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Daphne:
    log: Path
    port: int = field(default_factory=free_port)
    environment: dict[str, str] = field(default_factory=dict)
    process: psutil.Process | None = None

    def launch(self) -> None:
        arguments = ("-p", str(self.port), "config.asgi:application")
        environment = child_environment() | self.environment
        self.process = nursery.daphne(*arguments, environment=environment, log=self.log)

    def wait_until_it_answers(self) -> None:
        for _ in range(1200):
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"{self.url}/healthz", timeout=5).close()  # noqa: S310
                return
            assert self.is_running, self.log.read_text()
            time.sleep(0.1)
        pytest.fail(f"daphne does not answer:\n{self.log.read_text()}")

    def start(self) -> None:
        self.launch()
        self.wait_until_it_answers()

    def stop(self) -> None:
        if self.process and self.is_running:
            self.process.terminate()
            self.process.wait(30)

    def kill(self) -> None:
        if self.process and self.is_running:
            self.process.kill()
            self.process.wait()

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.is_running()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"
