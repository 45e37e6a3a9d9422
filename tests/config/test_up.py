"""The real command, in a folder with a space in its name, as a person at a terminal uses it."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from django.conf import settings

MANAGE = [sys.executable, str(settings.BASE_DIR / "manage.py")]
CLEAN = {
    name: value
    for name, value in os.environ.items()
    if name not in {"ALLOWED_HOSTS", "BELAY_DATA", "DATABASE_URL", "REDIS_URL", "SECRET_KEY"}
}


class Up:
    """One run of `manage.py up` and what it printed so far."""

    def __init__(self, data: Path, port: int) -> None:
        self.port = port
        self.log = data.parent / f"up-{time.monotonic_ns()}.log"
        self.process = subprocess.Popen(
            [
                *MANAGE,
                "up",
                "--port",
                str(port),
                "--data",
                str(data),
                "--demo",
                "50",
                "--workers",
                "1",
            ],
            env=CLEAN,
            stdout=self.log.open("wb"),
            stderr=subprocess.STDOUT,
            start_new_session=True,
            # A shell that runs the tests in the background has Ctrl-C ignored, for children too.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )

    @property
    def output(self) -> str:
        return self.log.read_text()

    def status(self, path: str) -> int:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as page:
                return int(page.status)
        except urllib.error.HTTPError as error:
            return int(error.code)
        except OSError:
            return 0

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + 120
        # Its own word, and not only an answer: that may come from what a killed run left behind.
        while "Belay is ready" not in self.output or self.status("/readyz") != 200:
            assert self.process.poll() is None, self.output
            assert time.monotonic() < deadline, self.output
            time.sleep(0.1)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(30)

    def child(self, word: str) -> psutil.Process:
        children = psutil.Process(self.process.pid).children()
        return next(child for child in children if word in child.cmdline())


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """The same for all: the first start, which makes the data, is the slow one."""
    # Not tmp_path: as root, PostgreSQL runs as another user, who can't enter that.
    folder = Path(tempfile.mkdtemp(prefix="belay up "))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture
def up(folder: Path, port: int) -> Iterator[Callable[[], Up]]:
    runs = []

    def start() -> Up:
        runs.append(Up(folder / "data", port))
        return runs[-1]

    yield start
    for run in runs:
        if run.process.poll() is None:
            run.stop()


def candidates(folder: Path) -> str:
    """Counted by another manage.py command, which finds the servers by the data folder."""
    count = "from pipeline.candidates.models import Candidate; print(Candidate.objects.count())"
    return subprocess.check_output(
        [*MANAGE, "shell", "--no-imports", "-c", count],
        env={**CLEAN, "BELAY_DATA": str(folder / "data")},
        text=True,
    ).strip()


def test_it_starts_stops_and_starts_again_with_nothing_lost(
    up: Callable[[], Up], folder: Path
) -> None:
    first = up()
    first.wait_until_ready()
    assert candidates(folder) == "50"
    assert (folder / "data" / "servers.json").stat().st_mode & 0o777 == 0o600
    assert first.status("/login/") == 200

    beside_it = up()
    assert beside_it.process.wait(30) == 1
    assert "already running" in beside_it.output

    assert first.stop() == 0
    password = (folder / "data" / "demo-password").read_text().strip()
    assert password in first.output
    assert "owner@demo.example" in first.output
    assert not (folder / "data" / "servers.json").exists()

    second = up()
    second.wait_until_ready()
    assert candidates(folder) == "50"


def test_a_start_after_kill_9_recovers_and_a_failing_process_ends_the_others(
    up: Callable[[], Up], folder: Path
) -> None:
    killed = up()
    killed.wait_until_ready()
    killed.process.kill()

    again = up()
    again.wait_until_ready()
    assert candidates(folder) == "50"

    again.child("daphne").kill()
    assert again.process.wait(30) == 1
    assert "web ended by itself (exit code -9)" in again.output
    assert again.status("/healthz") == 0


def test_a_port_in_use_is_a_sentence(up: Callable[[], Up], port: int) -> None:
    with socket.create_server(("127.0.0.1", port)):
        run = up()
        assert run.process.wait(30) == 1

    assert f"Port {port} can't be used (Address already in use)" in run.output
    assert "Traceback" not in run.output
