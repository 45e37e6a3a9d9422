"""What runs in the process that reads a file. It has no database, no settings and no secrets."""

import json
import os
import resource
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from .errors import ImportRefused
from .reading import Layout, Wanted, look_at, records_of, rows_of, sample_of
from .xlsx_files import kept_open
from .xlsx_package import BROKEN, unpacked_size

__all__ = ["BROKEN", "TOO_MUCH_WORK", "Limits", "run"]
TOO_MUCH_WORK = (
    "This file takes far more time or memory to read than a list of candidates "
    "should. Open it in a spreadsheet program, copy only the candidates to a new "
    "sheet, save that as CSV and upload it. If it is very large, split it."
)
ROWS_AT_ONCE = 500
CHARACTERS_AT_ONCE = 256 * 1024
NICE = 2  # pages and messages go a little before it; more would starve it where all are busy
Answer = dict[str, Any]


@dataclass(frozen=True)
class Limits:
    cpu_seconds: float
    cpu_seconds_per_mb: float  # of the unpacked file, on top of it
    most_cpu_seconds: float
    silent_seconds: float  # how long the one who waits does so without an answer
    memory_bytes: int = 512 * 1024**2

    def cpu_seconds_for(self, size: int) -> int:
        wanted = self.cpu_seconds + self.cpu_seconds_per_mb * size / 1024**2
        return int(min(wanted, self.most_cpu_seconds))


def run(pipe: Connection, limits: Limits, job: str, path: str, *about: Any) -> None:
    """Do the job and send its answers; the last one says so, or why there is none."""
    set_limits(limits)
    try:
        allow_for_size(limits, Path(path))
        with kept_open():
            for answer in JOBS[job](Path(path), *about):
                pipe.send_bytes(json.dumps(answer).encode())
    except ImportRefused as refused:
        send_refusal(pipe, str(refused))
    except MemoryError:
        send_refusal(pipe, TOO_MUCH_WORK)
    except BrokenPipeError:  # nobody waits any more
        pass


def send_refusal(pipe: Connection, why: str) -> None:
    with suppress(BrokenPipeError):
        pipe.send_bytes(json.dumps({"refused": why}).encode())


def set_limits(limits: Limits) -> None:
    os.environ.clear()
    os.nice(NICE)
    most = int(limits.most_cpu_seconds)
    for kind, soft, hard in (
        (resource.RLIMIT_AS, limits.memory_bytes, limits.memory_bytes),
        (resource.RLIMIT_CPU, int(limits.cpu_seconds), most + 5),
        (resource.RLIMIT_FSIZE, 0, 0),  # it writes no files
        (resource.RLIMIT_CORE, 0, 0),
    ):
        resource.setrlimit(kind, (soft, hard))


def allow_for_size(limits: Limits, path: Path) -> None:
    """A large file may take longer than a small one."""
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_seconds_for(unpacked_size(path)), hard))


def look(path: Path, wanted: dict[str, Any]) -> Iterator[Answer]:
    layout = look_at(path, Wanted(**wanted))
    yield {"layout": layout.as_json(), "sample": sample_of(path, layout), "is_last": True}


def rows(path: Path, layout: dict[str, Any]) -> Iterator[Answer]:
    """The data records in pieces of a bounded size."""
    described = Layout.from_json(layout)
    records = records_of(path, described)
    piece: list[list[str]] = []
    size = 0

    def answer(is_last: bool) -> Answer:
        found = records.findings
        flaws = {row - described.header - 1: flaw for row, flaw in found.flaws.items()}
        found.flaws.clear()
        return {
            "rows": piece,
            "fraction": records.fraction(),
            "findings": found.as_json(),
            "flaws": flaws,
            "is_last": is_last,
        }

    for row in rows_of(path, described, records):
        piece.append(row)
        size += len(row) + sum(map(len, row))
        if len(piece) >= ROWS_AT_ONCE or size > CHARACTERS_AT_ONCE:
            yield answer(is_last=False)
            piece, size = [], 0
    yield answer(is_last=True)


JOBS: dict[str, Callable[..., Iterator[Answer]]] = {"look": look, "rows": rows}
