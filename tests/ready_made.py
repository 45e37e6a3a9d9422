"""A migrated database and the collected static files: made once, for all test processes and runs.

Kept in .test-output/ under a name that changes with what they are made from, so that one test by
name does not wait for them either. Of the database it is the whole cluster: each test process has
a PostgreSQL of its own to kill, which starts on a copy.
"""

import fcntl
import hashlib
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from config.embedded import PostgreSQL

BASE = Path(__file__).resolve().parent.parent
FOLDER = BASE / ".test-output" / "ready-made"
KEPT_SECONDS = 24 * 3600  # after its last use: another run of an older state may still read it


def cluster() -> Path:
    """A stopped cluster whose database `belay` is migrated."""
    sources = [*BASE.glob("*/migrations/*.py"), *BASE.glob("pipeline/*/migrations/*.py")]
    sources += [BASE / "requirements.txt", BASE / "config" / "embedded" / "postgres.py"]
    return made_of(sources, "cluster", make_cluster)


def static_files() -> Path:
    own = (path for name in ("css", "js", "img") for path in (BASE / "static" / name).rglob("*"))
    sources = [*own, BASE / "static" / "package-lock.json", BASE / "requirements.txt"]
    sources += [BASE / "config" / "settings.py", BASE / "config" / "static_files.py"]
    return made_of(sources, "static", make_static_files)


def made_of(sources: Iterable[Path], name: str, make: Callable[[Path], None]) -> Path:
    """The folder of that name for these sources; made if there is none, by one process of many."""
    digest = hashlib.sha256(sys.version.encode())
    for source in sorted(path for path in sources if path.is_file()):
        digest.update(f"{source.relative_to(BASE)}\n".encode() + source.read_bytes())
    made = FOLDER / f"{name}-{digest.hexdigest()[:16]}"
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            half = FOLDER / f"{name}-half-made"
            shutil.rmtree(half, ignore_errors=True)
            make(half)
            half.rename(made)
        os.utime(made)
        for other in FOLDER.glob(f"{name}-*"):
            if other.stat().st_mtime < time.time() - KEPT_SECONDS:
                shutil.rmtree(other)
    return made


def make_cluster(target: Path) -> None:
    folder = Path(tempfile.mkdtemp(prefix="belay-test-"))
    folder.chmod(0o711)  # as root, PostgreSQL's user passes through
    server = PostgreSQL(folder / "postgres", folder / "log", {"fsync": "off"})
    try:
        server.start()
        server.wait_until_ready()
        manage("migrate", DATABASE_URL=server.address)
        server.stop()
        shutil.copytree(server.cluster, target)
    finally:
        server.stop("immediate")
        shutil.rmtree(folder, ignore_errors=True)


def make_static_files(target: Path) -> None:
    manage("collectstatic", "--no-input", STATIC_ROOT=str(target))


def manage(*command: str, **environment: str) -> None:
    key = {"SECRET_KEY": secrets.token_urlsafe(50)}
    done = subprocess.run(
        [sys.executable, "manage.py", *command, "--verbosity=0"],
        cwd=BASE,
        env=os.environ | key | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"manage.py {command[0]} failed:\n{done.stdout}{done.stderr}")


def put_cluster_into(server: PostgreSQL) -> None:
    """Before its first start."""
    server.make_home()
    shutil.copytree(cluster(), server.cluster)
    if server.user:
        for path in [server.cluster, *server.cluster.rglob("*")]:
            os.chown(path, server.user.pw_uid, server.user.pw_gid)
