"""Runs the processes of `manage.py up` side by side, with honcho's prefixed output."""

import datetime
import queue
import signal
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Lock, Thread
from types import FrameType

import psutil
from honcho.colour import get_colours
from honcho.printer import Message, Printer
from honcho.process import Process

from config.data_folder import DataFolder, session
from config.embedded.server import Server

PATIENCE_SECONDS = 6  # for a worker's running chunk; an unfinished one is rolled back, not lost
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class LinePrinter(Printer):  # type: ignore[misc]  # honcho has no types
    """Prints whole lines from several threads, and outlives its terminal."""

    def __init__(self) -> None:
        super().__init__(sys.stdout, width=len("worker.1"))
        self.lock = Lock()

    def write(self, message: Message) -> None:
        # A terminal that is gone must not stop us from stopping in good order.
        with self.lock, suppress(OSError):
            super().write(message)

    def say(self, text: str) -> None:
        self.write(Message("line", text, now(), "belay", None))


def now() -> datetime.datetime:
    return datetime.datetime.now().astimezone()  # as the clock on the wall


@dataclass
class End:
    """How a process ended that nobody had asked to."""

    name: str
    code: int


@dataclass
class Processes:
    """Web, workers and cron, and the servers that they need.

    The servers are already running: here they are only watched, and `up` stops them last.
    """

    printer: LinePrinter
    folder: DataFolder
    stopping: bool = False
    running: dict[str, Process] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.events: queue.Queue[Message] = queue.Queue()
        self.colours = get_colours()
        self.pids: dict[str, int] = {}

    def watch(self, server: Server) -> None:
        """Print what the server says; when it ends, `run` ends the rest."""
        Thread(target=self.relay, args=(server, next(self.colours)), daemon=True).start()

    def relay(self, server: Server, colour: str) -> None:
        assert server.process
        assert server.process.stdout

        def message(kind: str, data: bytes | dict[str, int]) -> Message:
            return Message(kind, data, now(), server.name, colour)

        for line in server.process.stdout:
            self.printer.write(message("line", line))
        self.events.put(message("stop", {"returncode": server.process.wait()}))

    def run(self, commands: Iterable[tuple[str, str]], env: dict[str, str]) -> End | None:
        """Run until asked to stop (then None) or until one ends by itself; then end the rest."""
        for sign in STOP_SIGNALS:
            if signal.getsignal(sign) is not signal.SIG_IGN:  # as under nohup
                signal.signal(sign, self.request_stop)
        for name, command in commands:
            process = Process(command, name=name, colour=next(self.colours), env=env)
            self.running[name] = process
            Thread(target=process.run, args=(self.events,), daemon=True).start()

        at_terminal = sys.stdout.isatty()
        first: End | None = None
        deadline: float | None = None
        while self.running:
            end = self.next_end()
            if end and not self.stopping:
                first, self.stopping = end, True
            if at_terminal and not sys.stdout.isatty():
                self.stopping = True  # it was closed, and `make` does not pass its SIGHUP on
            if self.stopping and deadline is None and self.running.keys() <= self.pids.keys():
                deadline = time.monotonic() + PATIENCE_SECONDS
                self.printer.say("stopping")
                self.terminate()
            if deadline and time.monotonic() > deadline:
                self.kill()
        self.folder.forget_processes()
        return first

    def request_stop(self, _signal: int, _frame: FrameType | None) -> None:
        self.stopping = True

    def next_end(self) -> End | None:
        """Wait for one event and print it; a process that ended comes back as an End."""
        try:
            message = self.events.get(timeout=0.1)
        except queue.Empty:
            return None
        if message.type == "line":
            self.printer.write(message)
        elif message.type == "start":
            self.pids[message.name] = message.data["pid"]
            self.folder.note_process(message.data["pid"])
        elif message.type == "stop":
            self.running.pop(message.name, None)
            return End(message.name, message.data["returncode"])
        return None

    def terminate(self) -> None:
        """Ask politely, and only the leaders: a worker's horse finishes its chunk."""
        for name in self.running:
            with suppress(psutil.NoSuchProcess):
                psutil.Process(self.pids[name]).terminate()

    def kill(self) -> None:
        for name in self.running:
            for process in session(self.pids[name]):
                process.kill()
