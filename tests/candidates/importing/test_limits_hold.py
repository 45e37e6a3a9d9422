"""What hostile files may take of the process that reads them, measured in it."""

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest
from django.conf import settings

from pipeline.candidates.importing import reader_process
from pipeline.candidates.importing.reading import Wanted

from .hostile import FILES, Hostile, cell, sheet, workbook, zipped

MEMORY_MB = 512
SECONDS = 10
# What the reader of a look does, and what it took.
AS_A_READER = """
import json, resource, sys
from contextlib import suppress
from multiprocessing import Pipe
from pathlib import Path
from threading import Thread
from pipeline.candidates.importing import reader_child
ours, theirs = Pipe(duplex=False)
limits = reader_child.Limits(**json.loads(sys.argv[2]))
words = []
def listen():
    with suppress(EOFError):
        while True:
            words.append(json.loads(ours.recv_bytes()))
listener = Thread(target=listen, daemon=True)
listener.start()
reader_child.run(theirs, limits, sys.argv[3], sys.argv[1], json.loads(sys.argv[4]))
theirs.close()
listener.join()
use = resource.getrusage(resource.RUSAGE_SELF)
# Not ru_maxrss, which a process has from the one that started it.
status = Path("/proc/self/status").read_text()
peak = int(status.split("VmHWM:")[1].split()[0])
print(json.dumps([peak / 1024, use.ru_utime + use.ru_stime, words[-1]]))
"""
REFUSED = {
    "zip_bomb.xlsx", "a_billion_laughs.xlsx", "one_entity_many_times.xlsx",
    "entities_within_entities.xlsx", "a_cell_of_100_mb.xlsx", "a_shared_text_of_100_mb.xlsx",
    "a_million_columns.xlsx", "a_quoted_cell_of_100_mb.csv", "a_million_commas.csv",
    "cells_without_end.xlsx", "one_line_without_end.csv",
}  # fmt: skip


def measured(path: Path) -> tuple[float, float, dict[str, object]]:
    """Peak MiB, seconds of processor time, and the last answer; or none, where it was ended."""
    limits, about = (
        json.dumps(asdict(reader_process.LOOK)),
        json.dumps(asdict(Wanted())),
    )
    command = [sys.executable, "-c", AS_A_READER, str(path), limits, "look", about]
    done = subprocess.run(
        command, cwd=settings.BASE_DIR, env={}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    peak, seconds, answer = json.loads(done.stdout)
    return peak, seconds, answer


@pytest.mark.parametrize(
    "file", [pytest.param(file, id=file.name) for file in FILES if file.name in REFUSED]
)
def test_it_is_refused_in_little_time_and_memory(file: Hostile, tmp_path: Path) -> None:
    path = tmp_path / file.name
    file.write(path)

    peak, seconds, answer = measured(path)

    assert "refused" in answer, answer
    assert peak < MEMORY_MB / 4
    assert seconds < SECONDS


def test_the_limits_are_what_is_promised() -> None:
    assert reader_process.LOOK.memory_bytes <= MEMORY_MB * 1024**2
    assert reader_process.READ.memory_bytes <= MEMORY_MB * 1024**2
    assert reader_process.LOOK.cpu_seconds_for(100 * 1024**2) <= SECONDS


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_memory_does_not_grow_with_the_rows(kind: str, tmp_path: Path) -> None:
    peaks = []
    for size in (1000, 40_000):
        path = tmp_path / f"a.{kind}"
        if kind == "csv":
            lines = (f"Zoë {n},p{n}@example.com,{'note ' * 20}\n" for n in range(size))
            path.write_text("Name,Email,Notes\n" + "".join(lines), "utf-8")
        else:
            rows = "".join(
                f"<row>{cell(f'A{n}', 'Zoë')}{cell(f'B{n}', f'p{n}@example.com')}</row>"
                for n in range(3, size)
            )
            zipped(path, workbook(sheet1=sheet(rows.encode())))
        peak, _, answer = measured(path)
        assert "refused" not in answer
        peaks.append(peak)

    assert peaks[1] < peaks[0] + 15
