"""The folders of the servers' sockets: removed with their run, or after a killed one by the next.

Socket paths end at 107 bytes, and data folders can be deep: so they are not in the data folder.
"""

import fcntl
import shutil
import socket
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import IO

PARENT = Path("/tmp") if Path("/tmp").is_dir() else Path(tempfile.gettempdir())
PREFIX = "belay-"
LOCK = "in-use"  # locked for as long as the run lives, however it ends


def make() -> Path:
    """A new folder that only this user (and root) may enter, as nobody is asked for a password."""
    remove_abandoned()
    return Path(tempfile.mkdtemp(prefix=PREFIX, dir=PARENT))


def hold(folder: Path) -> IO[str]:
    """Have the folder kept until the file is closed or this process is gone."""
    new = folder / f"{LOCK}.new"
    lock = new.open("w")
    fcntl.flock(lock, fcntl.LOCK_EX)
    new.rename(folder / LOCK)  # only now: an unlocked one would look abandoned
    return lock


def remove_abandoned() -> None:
    """Remove the folders of killed runs, unless a server that outlived its run listens there."""
    for lock in PARENT.glob(f"{PREFIX}*/{LOCK}"):
        with suppress(OSError), lock.open() as file:  # somebody else's, in use, or just removed
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not any(map(listens, lock.parent.iterdir())):
                shutil.rmtree(lock.parent, ignore_errors=True)


def listens(path: Path) -> bool:
    """Whether this is a socket behind which a server is."""
    if not path.is_socket():
        return False
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(1)
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            return False
        except OSError:
            return True  # too busy to answer
    return True
