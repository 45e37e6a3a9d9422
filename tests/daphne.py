"""A real daphne on the test database."""

import contextlib
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from django.conf import settings

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
    process: subprocess.Popen[bytes] | None = None

    def launch(self) -> None:
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "daphne", "-p", str(self.port), "config.asgi:application"],
                cwd=settings.BASE_DIR,
                env=child_environment() | self.environment,
                stdout=log,
                stderr=log,
            )

    def wait_until_it_answers(self) -> None:
        assert self.process
        for _ in range(1200):
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"{self.url}/healthz", timeout=5).close()  # noqa: S310
                return
            assert self.process.poll() is None, self.log.read_text()
            time.sleep(0.1)
        pytest.fail(f"daphne does not answer:\n{self.log.read_text()}")

    def start(self) -> None:
        self.launch()
        self.wait_until_it_answers()

    def stop(self) -> None:
        if self.process:
            self.process.terminate()
            self.process.wait(30)

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"
