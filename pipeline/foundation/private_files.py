"""Files with people in them are for the user who runs Belay, and no other of the machine."""

import logging
import os
from collections.abc import Collection
from pathlib import Path

log = logging.getLogger(__name__)
FOLDER, FILE = 0o700, 0o600


def make_private(folder: Path, apart_from: Collection[str] = ()) -> None:
    """Give the folder's content to its owner alone, but for the entries named in `apart_from`.

    Symbolic links are neither followed nor changed. What belongs to somebody else is left and told.
    """
    for above, folders, files in os.walk(folder):
        if Path(above) == folder:
            folders[:] = [name for name in folders if name not in apart_from]
            files[:] = [name for name in files if name not in apart_from]
        for name in folders:
            set_mode(Path(above, name), FOLDER)
        for name in files:
            set_mode(Path(above, name), FILE)


def close_folder(folder: Path) -> None:
    """Make a folder of an older Belay private, with all that is in it; done once, it is quick."""
    if folder.is_dir() and folder.stat().st_mode & 0o777 != FOLDER:
        make_private(folder)
        set_mode(folder, FOLDER)  # last: an interrupted walk is begun again


def set_mode(path: Path, mode: int) -> None:
    try:
        if not path.is_symlink() and path.stat().st_mode & 0o777 != mode:
            path.chmod(mode)
    except FileNotFoundError:
        pass  # a cron job deletes old ones
    except PermissionError:
        log.warning("%s is not ours to be made private: let its owner chmod it.", path)
