"""The folder of one `manage.py up`: its lock, its secrets, and where its servers are."""

import fcntl
import json
import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import IO

import psutil

from config.embedded import ServerError
from pipeline.foundation.private_files import FOLDER, make_private, set_mode

PATIENCE_SECONDS = 6
POSTGRES = "postgres"  # keeps its folder private by itself, as another user where this one is root
PLACE = "place"  # empty; a change of its mode would make the folder look like a copy


class DataFolder:
    """Used by one `up` at a time. `hold` first."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lock: IO[str] | None = None
        self.was_copied = False

    def hold(self) -> None:
        """Take the folder, or raise ServerError. Ends what a killed run left running."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            # As root it is passed through by PostgreSQL's user, who can't list it.
            set_mode(self.path, 0o711 if os.geteuid() == 0 else FOLDER)
            lock = (self.path / "up.lock").open("a+")
        except OSError as error:
            raise self.not_writable(error.strerror) from None
        if not os.access(self.path, os.W_OK, effective_ids=True):
            raise self.not_writable("it may only be read")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ServerError(f"Belay is already running with the data in {self.path}.") from None
        self.lock = lock
        self.end_leftovers()
        make_private(self.path, apart_from=[POSTGRES, PLACE])
        self.was_copied = self.note_place()

    def note_place(self) -> bool:
        """Whether this folder is a copy, such as a backup that was put back. Said once.

        A file that nobody writes to keeps its number and its time of change while the folder is
        moved within a disk; any copy gets new ones.
        """
        stake, note = self.path / PLACE, self.path / "place.json"
        with suppress(FileExistsError):
            stake.touch(mode=0o600, exist_ok=False)
        place = [stake.stat().st_ino, stake.stat().st_ctime_ns]
        try:
            known = json.loads(note.read_text())
        except (OSError, ValueError):
            known = place
        write_private(note, json.dumps(place))
        return bool(known != place)

    def not_writable(self, why: str | None) -> ServerError:
        return ServerError(
            f"The data folder {self.path} can't be written to ({why}). Make it writable, or name"
            f" another one: `make run DATA=…` or `manage.py up --data …`."
        )

    def secret(self, name: str, length: int) -> str:
        """The secret in this file, made at the first use and readable by its owner only."""
        file = self.path / name
        if not file.exists():
            write_private(file, secrets.token_urlsafe(length) + "\n")
        return file.read_text().strip()

    @property
    def demo_password(self) -> str:
        """What `load_demo` made up, when it did so in this folder."""
        file = self.path / "demo-password"
        return file.read_text().strip() if file.exists() else "of the demo data in your database"

    # --- for other manage.py commands with the same BELAY_DATA ------------------------------

    def publish(self, environment: dict[str, str]) -> None:
        write_private(self.path / "servers.json", json.dumps(environment))

    def unpublish(self) -> None:
        if self.lock:  # else they are another run's
            (self.path / "servers.json").unlink(missing_ok=True)

    # --- processes: so that the next run can end them, should this one be killed --------------

    def note_process(self, pid: int) -> None:
        try:
            started = psutil.Process(pid).create_time()
        except psutil.NoSuchProcess:
            return
        with (self.path / "processes").open("a") as file:
            file.write(f"{pid} {started}\n")

    def forget_processes(self) -> None:
        (self.path / "processes").unlink(missing_ok=True)

    def end_leftovers(self) -> None:
        """End the sessions of web, workers and cron that outlived a killed run."""
        file = self.path / "processes"
        lines = file.read_text().splitlines() if file.exists() else []
        noted = [(int(pid), float(started)) for pid, started in map(str.split, lines)]
        # The number alone may be another process by now.
        leaders = [pid for pid, started in noted if is_process(pid, started)]
        for leader in leaders:
            with suppress(psutil.NoSuchProcess):
                psutil.Process(leader).terminate()
        left = [process for leader in leaders for process in session(leader)]
        _, alive = psutil.wait_procs(left, timeout=PATIENCE_SECONDS)
        for process in alive:
            process.kill()
        self.forget_processes()


def is_process(pid: int, started: float) -> bool:
    try:
        return bool(abs(psutil.Process(pid).create_time() - started) < 0.1)
    except psutil.NoSuchProcess:
        return False


def session(leader: int) -> list[psutil.Process]:
    """The leader and all it started, work horses included, whoever their parent is now."""
    members = []
    for process in psutil.process_iter():
        try:
            if os.getsid(process.pid) == leader and process.status() != psutil.STATUS_ZOMBIE:
                members.append(process)
        except (OSError, psutil.Error):
            continue  # gone, or not ours
    return members


def write_private(file: Path, text: str) -> None:
    """Replace the file in one step, with a file that only its owner may read."""
    half = file.with_name(f".{file.name}.half-written")
    half.unlink(missing_ok=True)
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as private:
        private.write(text)
    half.rename(file)
