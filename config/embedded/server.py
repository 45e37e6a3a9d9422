"""What the embedded PostgreSQL and Redis have in common: a process, a data folder, a socket."""

import shutil
import subprocess
import time
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import IO, Any

import psutil

from config.embedded import socket_folders

READY_SECONDS = 60  # crash recovery after a power cut may take that long
STOP_SECONDS = 20


class ServerError(Exception):
    """A server could not be started, with a reason for the person at the terminal."""


class Server:
    """One server process on one data folder, reached through one socket folder.

    Its log is appended to the file `log`, or without one can be read from `process.stdout`.
    """

    name = ""

    def __init__(self, data: Path, log: Path | None = None) -> None:
        self.data = data
        self.log = log
        self.process: subprocess.Popen[bytes] | None = None
        self.sockets = socket_folders.make()
        self.hold: IO[str] | None = socket_folders.hold(self.sockets)

    @property
    def address(self) -> str:
        """The URL for DATABASE_URL or REDIS_URL. It stays the same through restarts."""
        raise NotImplementedError

    def start(self) -> None:
        """Start the process; returns at once. Stops what a killed run left on the same data."""
        raise NotImplementedError

    def answers(self) -> bool:
        """Whether the server accepts a connection and a command right now."""
        raise NotImplementedError

    def stop(self) -> None:
        """Stop in good order, everything on disk, and remove the socket folder."""
        raise NotImplementedError

    def launch(self, command: list[str], **options: Any) -> None:
        # Its own session: the terminal's Ctrl-C is for `up`, which stops the servers last.
        with self.log.open("ab") if self.log else nullcontext(subprocess.PIPE) as output:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **options,
            )

    def wait_until_ready(self) -> None:
        """Return when the server answers. Raises ServerError when it ends or stays silent."""
        deadline = time.monotonic() + READY_SECONDS
        while not self.answers():
            if self.process is None or self.process.poll() is not None:
                code = self.process.returncode if self.process else "not started"
                raise ServerError(f"{self.name} did not start (exit code {code}).{self.log_tail()}")
            if time.monotonic() > deadline:
                raise ServerError(f"{self.name} did not answer within {READY_SECONDS} s.")
            time.sleep(0.05)

    def log_tail(self) -> str:
        """The last words of a server that logs into a file, for the error message."""
        if not self.log:
            return ""
        return "\n" + "\n".join(self.log.read_text(errors="replace").splitlines()[-10:])

    def end(self, signal_number: int) -> None:
        """Send a signal and wait for the process to be gone, by force after STOP_SECONDS."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(signal_number)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """`kill -9` the server and its children: what a power cut does to them."""
        if self.process is None:
            return
        if self.process.poll() is None:
            server = psutil.Process(self.process.pid)
            for process in [server, *server.children(recursive=True)]:
                with suppress(psutil.NoSuchProcess):  # a session that has just ended
                    process.kill()
        self.process.wait()

    def make_sockets(self) -> None:
        """Make the socket folder again after a stop, so that the address stays the same."""
        self.sockets.mkdir(mode=0o700, exist_ok=True)
        self.hold = self.hold or socket_folders.hold(self.sockets)

    def remove_sockets(self) -> None:
        shutil.rmtree(self.sockets, ignore_errors=True)
        if self.hold:
            self.hold.close()
            self.hold = None


def leftover(pid_file: Path, folder: Path) -> psutil.Process | None:
    """The server that a killed run left running on this folder, or None.

    A pid file alone proves nothing, the number may be another process by now: both servers
    work inside their data folder, so their working directory tells.
    """
    try:
        process = psutil.Process(int(pid_file.read_text().split()[0]))
        is_ours = Path(process.cwd()).resolve() == folder.resolve()
    except (OSError, ValueError, IndexError, psutil.Error):
        return None
    return process if is_ours else None


def stop_leftover(process: psutil.Process, signal_number: int) -> None:
    """Stop what a killed run left behind, by force after STOP_SECONDS."""
    children = process.children(recursive=True)
    process.send_signal(signal_number)
    _, alive = psutil.wait_procs([process, *children], timeout=STOP_SECONDS)
    for survivor in alive:
        survivor.kill()
    psutil.wait_procs(alive, timeout=5)
