"""What becomes of a process of `up` that ends by itself, with real processes."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from config import patience
from config.data_folder import DataFolder
from config.line_printer import LinePrinter
from config.processes import MOST_RESTARTS, STOP_SIGNALS, End, Processes


@pytest.fixture
def processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Processes]:
    monkeypatch.setattr(patience, "FIRST_SECONDS", 0.01)
    handlers = {sign: signal.getsignal(sign) for sign in STOP_SIGNALS}
    yield Processes(LinePrinter(), DataFolder(tmp_path))
    for sign, handler in handlers.items():
        signal.signal(sign, handler)


def test_what_ends_once_is_started_again(processes: Processes, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    stop = f"kill -TERM {os.getpid()}; exec sleep 60"  # as Ctrl-C does
    command = f"if test -e {mark}; then {stop}; else touch {mark}; exit 3; fi"

    assert processes.run([("web", command)], dict(os.environ)) is None


def test_what_ends_again_and_again_ends_the_rest(processes: Processes, tmp_path: Path) -> None:
    starts = tmp_path / "starts"
    steady = ("steady", "exec sleep 60")
    broken = ("broken", f"echo begun >> {starts}; exit 3")

    end = processes.run([steady, broken], dict(os.environ))

    assert end == End("broken", 3, MOST_RESTARTS)
    assert len(starts.read_text().splitlines()) == 1 + MOST_RESTARTS
    assert not processes.running
