"""`make dev`: what changes takes effect at once, a mistake ends nothing, and none is deployed."""

import os
import shutil
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from threading import Thread

import psutil
import pytest
from django.conf import settings

from config import patience, reloading
from config.data_folder import DataFolder
from config.line_printer import LinePrinter
from config.processes import STOP_SIGNALS, Processes
from tests.daphne import free_port
from tests.faults.conftest import wait_for
from tests.servers import child_environment

# Of all that `up` starts these two will do.
UP = """
from django.core.management import call_command
from config.management.commands.up import Command
every = Command.commands
Command.commands = lambda self: [one for one in every(self) if one[0] in ("web", "worker.1")]
import sys, django
django.setup()
call_command("up", "--dev", "--demo=0", "--workers=1", *sys.argv[1:])
"""


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The source, to be changed."""
    copy = tmp_path / "copy of belay"
    ignored = shutil.ignore_patterns("__pycache__", "node_modules")
    for room in ("config", "notifications", "pipeline", "static", "templates"):
        shutil.copytree(settings.BASE_DIR / room, copy / room, ignore=ignored)
    (copy / "static" / "node_modules").symlink_to(settings.BASE_DIR / "static" / "node_modules")
    shutil.copy(settings.BASE_DIR / "manage.py", copy)
    return copy


@pytest.fixture
def dev(copy: Path, transactional_db: None) -> Iterator["Dev"]:
    dev = Dev(copy)
    yield dev
    dev.process.send_signal(signal.SIGINT)
    dev.process.wait(60)


class Dev:
    def __init__(self, copy: Path) -> None:
        self.port = free_port()
        self.log = copy.parent / "dev.log"
        test_run = ("BELAY_DATA", "STATIC_ROOT")
        own = {name: value for name, value in child_environment().items() if name not in test_run}
        self.process = subprocess.Popen(
            [sys.executable, "-c", UP, f"--port={self.port}", f"--data={copy.parent / 'data'}"],
            cwd=copy,
            env=own | {"ALLOWED_HOSTS": "localhost"},
            stdout=self.log.open("w"),
            stderr=subprocess.STDOUT,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )

    def page(self, path: str) -> str:
        assert self.process.poll() is None, self.log.read_text()
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=20) as page:
                return str(page.read().decode())
        except urllib.error.HTTPError as error:
            return error.read().decode()
        except OSError:
            return ""

    def process_of(self, word: str) -> psutil.Process | None:
        for one in psutil.Process(self.process.pid).children():
            with suppress(psutil.NoSuchProcess):  # it ends just now, or has and is a zombie
                if word in " ".join(one.cmdline()):
                    return one
        return None


def test_a_changed_file_brings_a_new_web_and_new_workers(dev: Dev, copy: Path) -> None:
    wait_for(lambda: dev.page("/healthz") == "ok")
    before = [dev.process_of("daphne"), dev.process_of("rqworker")]
    assert all(before)
    assert "DEBUG = True" in dev.page("/nowhere/")
    assert dev.page("/static/js/live.js") == (copy / "static" / "js" / "live.js").read_text()
    assert 'href="/static/css/belay.css"' in dev.page("/login/")

    health = copy / "config" / "health.py"
    health.write_text(health.read_text().replace('b"ok"', 'b"new"').replace('"ok"', '"new"'))

    wait_for(lambda: dev.page("/healthz") == "new")
    wait_for(lambda: not any(one and one.is_running() for one in before))
    wait_for(dev.process_of, "rqworker")
    assert dev.process.poll() is None


# --- noticing ---


def test_a_change_a_new_file_and_one_that_goes_are_noticed_once(tmp_path: Path) -> None:
    old, new = tmp_path / "pipeline" / "old.py", tmp_path / "pipeline" / "new.py"
    old.parent.mkdir()
    old.write_text("")
    source = reloading.Source(tmp_path)
    assert source.change() is None

    os.utime(old, (1, 1))
    assert source.change() == old
    assert source.change() is None
    new.write_text("")
    assert source.change() == new
    old.unlink()
    assert source.change() == old
    assert source.change() is None


# --- beginning anew ---


@pytest.fixture
def processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Processes]:
    monkeypatch.setattr(patience, "FIRST_SECONDS", 0.001)
    monkeypatch.setattr("config.processes.TURN_SECONDS", 0.01)
    handlers = {sign: signal.getsignal(sign) for sign in STOP_SIGNALS}
    yield Processes(LinePrinter(), DataFolder(tmp_path), outlives_bugs=True)
    for sign, handler in handlers.items():
        signal.signal(sign, handler)


def run(processes: Processes, commands: dict[str, str], meanwhile: Callable[[], None]) -> None:
    def then_stop() -> None:
        try:
            meanwhile()
        finally:
            processes.stopping = True

    Thread(target=then_stop).start()
    assert processes.run(commands.items(), dict(os.environ)) is None


def test_what_had_ended_and_what_runs_begin_anew(processes: Processes, tmp_path: Path) -> None:
    """As after a mistake in a file that only one of them imports."""
    starts = tmp_path / "starts"
    broken = tmp_path / "broken"
    broken.touch()
    commands = {
        "steady": f"echo steady >> {starts}; exec sleep 60",
        "other": f"if test -e {broken}; then exit 3; fi; echo other >> {starts}; exec sleep 60",
    }

    def change() -> None:
        wait_for(lambda: processes.patience["other"].failures > 5)
        wait_for(lambda: not processes.due and starts.read_text() == "steady\n")
        broken.unlink()
        processes.begin_anew("a file has changed")
        wait_for(lambda: sorted(starts.read_text().split()) == ["other", "steady", "steady"])

    run(processes, commands, change)


def test_when_nothing_can_be_started_it_waits_for_a_change(
    processes: Processes, tmp_path: Path
) -> None:
    starts = tmp_path / "starts"

    def change() -> None:
        wait_for(lambda: starts.exists() and len(starts.read_text()) == 6 * 2)
        processes.begin_anew("a file has changed")
        wait_for(lambda: len(starts.read_text()) == 12 * 2)

    run(processes, {"web": f"echo 1 >> {starts}; exit 3"}, change)


# --- no deployment ---


def start(*command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """A process that would serve or work, up to where it would."""
    return subprocess.run(
        [sys.executable, *command],
        cwd=settings.BASE_DIR,
        env=os.environ | {"DEBUG": "1", "HTTPS": "0", "ALLOWED_HOSTS": "localhost"} | variables,
        capture_output=True,
        text=True,
        check=False,
    )


WEB = ["-c", "import config.asgi"]
WORKER = ["manage.py", "rqworker", "default", "--burst"]


def test_debug_starts_on_a_laptop() -> None:
    assert start(*WEB).returncode == 0


@pytest.mark.parametrize(
    ("command", "deployed"),
    [
        (WEB, {"ALLOWED_HOSTS": "belay.example.com"}),
        (WEB, {"HTTPS": "1"}),
        (WORKER, {"ALLOWED_HOSTS": "localhost,10.0.0.7"}),
    ],
)
def test_debug_starts_nowhere_else(command: list[str], deployed: dict[str, str]) -> None:
    refused = start(*command, **deployed)

    assert refused.returncode
    assert "DEBUG is on, but other machines can reach Belay." in refused.stderr
