"""Files are read in a process apart: what a file does to its reader, it does to nobody else.

That process may use so much processor time and memory and be silent for so long, knows no secret
and speaks JSON. A fork server makes it, so that it is there in milliseconds.
"""

import json
import multiprocessing
import signal
import time
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from threading import Timer
from typing import Any

from django.conf import settings
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from pipeline.foundation.turns import Interrupted, is_stop_requested

from . import reader_child
from .errors import ImportRefused
from .reader_child import Limits
from .reading import Layout, Wanted

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload([reader_child.__name__, "chardet", "chardetng_py"])
# A look is waited for by a person, and by a thread of the web process.
LOOK = Limits(cpu_seconds=6, cpu_seconds_per_mb=0.04, most_cpu_seconds=25, silent_seconds=45)
READ = Limits(cpu_seconds=30, cpu_seconds_per_mb=1, most_cpu_seconds=1800, silent_seconds=120)
END_SECONDS = 5.0  # for a process whose pipe has ended to end as well
LOOK_SECONDS = 0.5  # between two looks whether to stop
MOST_ANSWER = 64 * 1024**2


@dataclass(frozen=True)
class Look:
    layout: Layout
    sample: list[list[str]]  # the first rows that aren't blank, cells cut, as wide as the headings


def look(path: Path, wanted: Wanted | None = None) -> Look:
    """How the file is laid out, as wanted or by a guess. Raises ImportRefused for no table."""
    size = path.stat().st_size
    if size > settings.IMPORT_MAX_BYTES:
        raise ImportRefused(
            _("The file is %(size)s; the limit is %(limit)s. Split it into smaller files.")
            % {
                "size": filesizeformat(size),
                "limit": filesizeformat(settings.IMPORT_MAX_BYTES),
            }
        )
    with answers(LOOK, "look", str(path), asdict(wanted or Wanted())) as found:
        answer = next(found)
    return Look(Layout.from_json(answer["layout"]), answer["sample"])


@dataclass
class Rows:
    """The data records of a file, once. Raises ImportRefused, and Interrupted.

    `flaws` has what is wrong with some of them, by number: why, and with which columns (none: all).
    """

    path: Path
    layout: Layout
    fraction: float = 0.0  # of the file that has been read
    findings: dict[str, Any] = field(default_factory=dict)
    flaws: dict[int, tuple[str, list[int]]] = field(default_factory=dict)  # of rows to come

    def __iter__(self) -> Generator[list[str]]:
        with answers(READ, "rows", str(self.path), self.layout.as_json()) as found:
            for answer in found:
                self.fraction, self.findings = answer["fraction"], answer["findings"]
                for row, (reason, columns) in answer["flaws"].items():
                    self.flaws[int(row)] = (reason, columns)
                yield from answer["rows"]


@contextmanager
def answers(limits: Limits, job: str, *about: Any) -> Iterator[Iterator[dict[str, Any]]]:
    """What a new process says about its job, piece by piece; it ends with the block."""
    ours, theirs = FORKS.Pipe(duplex=False)
    with closing(ours):
        process = FORKS.Process(
            target=reader_child.run, args=(theirs, limits, job, *about), daemon=True
        )
        start(process)
        theirs.close()
        try:
            yield heard(process, ours, limits)
        finally:
            process.kill()
            process.join()


def start(process: BaseProcess) -> None:
    """Again if need be: where the fork server was killed while being asked, there is a new one."""
    for seconds in (0.0, 0.05, 0.5):
        try:
            process.start()
        except (EOFError, ConnectionError):
            time.sleep(seconds)  # that it is dead may take a moment to be known
        else:
            return
    process.start()


def heard(process: BaseProcess, pipe: Connection, limits: Limits) -> Iterator[dict[str, Any]]:
    while True:
        wait_for(pipe, limits.silent_seconds)
        try:
            answer = json.loads(received(process, pipe, limits.silent_seconds))
        except (EOFError, OSError):  # OSError: it ended in the middle of an answer
            process.join(END_SECONDS)
            raise ImportRefused(reason_of(process.exitcode))
        if "refused" in answer:
            raise ImportRefused(answer["refused"])
        yield answer
        if answer.get("is_last"):
            return


def received(process: BaseProcess, pipe: Connection, seconds: float) -> bytes:
    """A whole answer. To read one waits for its end, so a process that halts in it is ended."""
    watch = Timer(seconds, process.kill)
    watch.daemon = True
    watch.start()
    try:
        return pipe.recv_bytes(MOST_ANSWER)
    finally:
        watch.cancel()


def wait_for(pipe: Connection, seconds: float) -> None:
    """Until the process says something. Raises ImportRefused, and Interrupted."""
    ends = time.monotonic() + seconds
    while not pipe.poll(LOOK_SECONDS):
        if is_stop_requested():
            raise Interrupted
        if time.monotonic() > ends:
            raise ImportRefused(reader_child.TOO_MUCH_WORK)


def reason_of(exitcode: int | None) -> str:
    """Why a process said nothing more, for people."""
    if exitcode in (-signal.SIGXCPU, -signal.SIGKILL):
        return reader_child.TOO_MUCH_WORK
    return reader_child.BROKEN
