"""Runs the processes of `manage.py up` side by side, with honcho's prefixed output."""

import queue
import signal
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Thread
from types import FrameType

import psutil
from honcho.colour import get_colours
from honcho.printer import Message
from honcho.process import Process

from config.data_folder import DataFolder, session
from config.embedded.server import Server, ServerError
from config.line_printer import LinePrinter, now
from config.patience import Patience

# For a worker's running chunk, or the message in hand: a provider may be silent for 10 s.
PATIENCE_SECONDS = 15
MOST_RESTARTS = 5  # in a row; then it is not worth another try
TURN_SECONDS = 0.7  # between two that begin anew: each start takes a processor for that long
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass
class End:
    """How a process ended that nobody had asked to."""

    name: str
    code: int
    restarts: int = 0  # that were of no use before


@dataclass
class Processes:
    """Web, workers and cron, and the servers that they need.

    What ends by itself is started again, each time after a longer wait, MOST_RESTARTS times in a
    row. The servers are running before the others; `up` stops them last.
    """

    printer: LinePrinter
    folder: DataFolder
    stopping: bool = False
    outlives_bugs: bool = False  # what can't be kept up waits for `begin_anew`, and ends nothing
    running: dict[str, Process] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.events: queue.Queue[Message] = queue.Queue()
        self.colours = get_colours()
        self.pids: dict[str, int] = {}
        self.starters: dict[str, Callable[[], None]] = {}  # how each is started again
        self.patience: defaultdict[str, Patience] = defaultdict(Patience)
        self.due: dict[str, float] = {}  # when each that ended is to be started again
        self.servers: set[str] = set()  # the servers
        self.asked: set[str] = set()  # to end, so that they begin anew

    def watch(self, server: Server) -> None:
        """Print what the server says, and start it again when it ends."""
        colour = next(self.colours)

        def relay() -> None:
            Thread(target=self.relay, args=(server, colour), daemon=True).start()

        def start_again() -> None:
            server.start()
            relay()

        self.starters[server.name] = start_again
        self.servers.add(server.name)
        relay()

    def relay(self, server: Server, colour: str) -> None:
        assert server.process
        assert server.process.stdout

        def message(kind: str, data: bytes | dict[str, int]) -> Message:
            return Message(kind, data, now(), server.name, colour)

        for line in server.process.stdout:
            self.printer.write(message("line", line))
        self.events.put(message("stop", {"returncode": server.process.wait()}))

    def add(self, name: str, command: str, env: dict[str, str]) -> None:
        """Start a process."""
        colour = next(self.colours)

        def start() -> None:
            process = Process(command, name=name, colour=colour, env=env)
            self.running[name] = process
            Thread(target=process.run, args=(self.events,), daemon=True).start()

        self.starters[name] = start
        start()

    def run(self, commands: Iterable[tuple[str, str]], env: dict[str, str]) -> End | None:
        """Run until asked to stop (then None) or until one can't be kept up; then end the rest."""
        for sign in STOP_SIGNALS:
            if signal.getsignal(sign) is not signal.SIG_IGN:  # as under nohup
                signal.signal(sign, self.request_stop)
        for name, command in commands:
            self.add(name, command, env)

        at_terminal = sys.stdout.isatty()
        failed: End | None = None
        deadline: float | None = None
        while self.running or ((self.due or self.outlives_bugs) and not self.stopping):
            end = self.next_end()
            if end and not self.stopping and not self.try_again(end):
                failed, self.stopping = end, True
            if at_terminal and not sys.stdout.isatty():
                self.stopping = True  # it was closed, and `make` does not pass its SIGHUP on
            if not self.stopping:
                self.start_what_is_due()
            if self.stopping and deadline is None and self.running.keys() <= self.pids.keys():
                deadline = time.monotonic() + PATIENCE_SECONDS
                self.printer.say("stopping")
                self.terminate(self.running)
            if deadline and time.monotonic() > deadline:
                self.kill()
        self.folder.forget_processes()
        return failed

    def begin_anew(self, why: str) -> None:
        """Have all but the servers end and start again, in turn. Any thread may call it."""
        self.events.put(Message("anew", why, now(), None, None))

    def try_again(self, end: End) -> bool:
        """Say that it ended and when it is started again. False when that was of no use so far."""
        if end.name in self.asked:
            self.asked.remove(end.name)
            self.due[end.name] = time.monotonic() + self.turn_of(end.name)
            return True
        patience = self.patience[end.name]
        seconds = patience.after_failure()
        end.restarts = patience.failures - 1
        if patience.failures > MOST_RESTARTS:
            if self.outlives_bugs:
                self.printer.say(f"{end.name} can't be started; Belay tries again after a change")
            return self.outlives_bugs
        self.due[end.name] = time.monotonic() + seconds
        self.printer.say(
            f"{end.name} stopped unexpectedly (exit code {end.code}): "
            f"restarting it in {seconds:g} s"
        )
        return True

    def start_what_is_due(self) -> None:
        for name in [name for name, when in self.due.items() if time.monotonic() >= when]:
            del self.due[name]
            try:
                self.starters[name]()
            except (ServerError, OSError) as error:
                self.printer.say(str(error))
                self.events.put(Message("stop", {"returncode": 1}, now(), name, None))

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
            self.pids.pop(message.name, None)
            return End(message.name, message.data["returncode"])
        elif message.type == "anew" and not self.stopping:
            if not self.running.keys() <= self.pids.keys():
                self.events.put(message)  # one has no process yet that could be told
                return None
            self.printer.say(message.data)
            self.end_all()
        return None

    def end_all(self) -> None:
        """Each begins anew when it has ended; one that had ended before does so in its turn."""
        self.patience.clear()
        ended = self.starters.keys() - self.servers - self.running.keys()
        self.due |= {name: time.monotonic() + self.turn_of(name) for name in ended}
        to_end = self.running.keys() - self.asked  # being told twice, a worker drops its job
        self.asked |= to_end
        self.terminate(to_end)

    def turn_of(self, name: str) -> float:
        """Seconds to wait before it begins anew: the web, which comes first, is soon back."""
        return TURN_SECONDS * [
            starter for starter in self.starters if starter not in self.servers
        ].index(name)

    def terminate(self, names: Iterable[str]) -> None:
        """Ask politely, and only the leaders: a worker's horse finishes its chunk."""
        for name in names:
            with suppress(psutil.NoSuchProcess):
                psutil.Process(self.pids[name]).terminate()

    def kill(self) -> None:
        for name in self.running:
            for process in session(self.pids[name]):
                process.kill()
