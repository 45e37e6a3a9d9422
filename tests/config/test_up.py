"""The real command, in a folder with a space in its name, as a person at a terminal uses it."""

import json
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
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg
import pytest
import redis
from django.conf import settings

MANAGE = [sys.executable, str(settings.BASE_DIR / "manage.py")]
OF_THE_TESTS = {"ALLOWED_HOSTS", "BELAY_DATA", "SECRET_KEY", "STATIC_ROOT"}
OF_THE_TESTS |= {"DATABASE_URL", "REDIS_URL"}
CLEAN = {name: value for name, value in os.environ.items() if name not in OF_THE_TESTS}


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
            env=CLEAN | {"DEBUG": "1", "HTTPS": "0"},  # of somebody's shell: for --dev only
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

    def page(self, path: str) -> str:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as page:
                return str(page.read().decode())
        except urllib.error.HTTPError as error:
            return error.read().decode()

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
        return next(p for p, command in self.children() if word in " ".join(command[:3]))

    def belay_processes(self) -> set[tuple[int, str]]:
        """Process id and command of web, workers and cron."""
        found = ((p.pid, " ".join(command)) for p, command in self.children())
        return {(pid, command) for pid, command in found if sys.executable in command}

    def children(self) -> Iterator[tuple[psutil.Process, list[str]]]:
        """Each with its command line; not one that has just ended."""
        for child in psutil.Process(self.process.pid).children():
            with suppress(psutil.NoSuchProcess):  # a zombie too
                yield child, child.cmdline()

    def wait_until_ready_again(self) -> None:
        """Within the 15 s that are promised, and some more for a busy machine."""
        deadline = time.monotonic() + 30
        while self.status("/readyz") != 200:
            assert self.process.poll() is None, self.output
            assert time.monotonic() < deadline, self.output
            time.sleep(0.1)

    def forget_in_redis(self, folder: Path) -> None:
        """FLUSHALL. Returns when /readyz has noticed that no worker is known any more."""
        servers = json.loads((folder / "data" / "servers.json").read_text())
        client = redis.Redis.from_url(servers["REDIS_URL"])
        client.flushall()
        client.close()
        assert self.status("/readyz") == 503


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
    return manage(folder, "shell", "--no-imports", "-c", count)


def manage(folder: Path, *arguments: str) -> str:
    return subprocess.check_output(
        [*MANAGE, *arguments], env={**CLEAN, "BELAY_DATA": str(folder / "data")}, text=True
    ).strip()


def asked(folder: Path, question: str) -> object:
    """Of the database itself: another start of Django takes seconds."""
    servers = json.loads((folder / "data" / "servers.json").read_text())
    with psycopg.connect(servers["DATABASE_URL"].replace("postgres:", "postgresql:")) as database:
        row = database.execute(question).fetchone()
    assert row
    return row[0]


COUNT = "SELECT count(*) FROM candidates_candidate"
HOLDS_MESSAGES = "SELECT messages_held_since IS NOT NULL FROM workspaces_workspace"


def open_to_others(data: Path) -> list[Path]:
    """What others of the machine could read or enter; PostgreSQL looks after its own folder, and
    in the static files are no people."""
    return [
        path
        for path in data.rglob("*")
        if path.relative_to(data).parts[0] not in ("postgres", "static")
        and path.stat().st_mode & 0o777 not in (0o600, 0o700)
    ]


def test_it_starts_and_stops(up: Callable[[], Up], folder: Path) -> None:
    old = folder / "data" / "media" / "exports" / "1-x"  # of a Belay that kept them open
    old.mkdir(parents=True)
    (old / "candidates.csv").write_text("Name")
    (old / "candidates.csv").chmod(0o644)
    old.chmod(0o755)
    assert open_to_others(folder / "data")

    first = up()
    first.wait_until_ready()
    assert open_to_others(folder / "data") == []
    passes_through = 0o711 if os.geteuid() == 0 else 0o700  # PostgreSQL's own user does
    assert (folder / "data").stat().st_mode & 0o777 == passes_through
    assert candidates(folder) == "50"
    assert (folder / "data" / "servers.json").stat().st_mode & 0o777 == 0o600
    assert first.status("/login/") == 200
    assert "DEBUG" not in first.page("/nowhere/")

    beside_it = up()
    assert beside_it.process.wait(30) == 1
    assert "already running" in beside_it.output

    assert first.stop() == 0
    password = (folder / "data" / "demo-password").read_text().strip()
    assert password in first.output
    assert "owner@demo.example" in first.output
    assert not (folder / "data" / "servers.json").exists()


def test_nothing_is_lost_by_a_stop_a_kill_9_and_outages(up: Callable[[], Up], folder: Path) -> None:
    backup = folder / "backup"  # first of all one is put back
    subprocess.run(["cp", "-a", str(folder / "data"), str(backup)], check=True)
    shutil.rmtree(folder / "data")
    backup.rename(folder / "data")
    killed = up()
    killed.wait_until_ready()
    assert asked(folder, COUNT) == 50
    assert asked(folder, HOLDS_MESSAGES) is True
    manage(folder, "confirm_restore")
    killed.process.kill()

    again = up()
    again.wait_until_ready()
    assert asked(folder, COUNT) == 50

    workers = again.belay_processes()
    server = again.child("redis")
    server.suspend()  # for longer than its clients wait for an answer
    time.sleep(7)
    assert again.status("/readyz") == 503
    server.resume()
    again.wait_until_ready_again()

    server.kill()
    for file in (folder / "data" / "redis").glob("appendonly*"):
        shutil.rmtree(file) if file.is_dir() else file.unlink()
    again.child("postgres").kill()
    again.child("daphne").kill()
    again.wait_until_ready_again()
    assert again.status("/login/") == 200
    assert "web stopped unexpectedly (exit code -9): restarting it in 0.5 s" in again.output

    again.forget_in_redis(folder)
    again.wait_until_ready_again()
    assert asked(folder, COUNT) == 50
    assert asked(folder, HOLDS_MESSAGES) is False, "nothing of this is a restore"
    assert again.belay_processes() >= {one for one in workers if "daphne" not in one[1]}


def test_a_port_in_use_is_a_sentence(up: Callable[[], Up], port: int) -> None:
    with socket.create_server(("127.0.0.1", port)):
        run = up()
        assert run.process.wait(30) == 1

    assert f"Port {port} can't be used (Address already in use)" in run.output
    assert "Traceback" not in run.output
