"""For `manage.py up --dev`: notices that a Python file has changed, by Django's own reloader.

What a template or a static file says is read anew by itself.
"""

import time
from pathlib import Path

from django.utils.autoreload import StatReloader

ROOMS = ("config", "notifications", "pipeline")
SETTLED_SECONDS = 0.1  # an editor, or git, writes several files


class Source:
    """The Python files below `base`, and all that this process has imported."""

    def __init__(self, base: Path) -> None:
        self.reloader = StatReloader()
        for room in ROOMS:
            self.reloader.watch_dir(base / room, "**/*.py")
        self.known = self.look()

    def look(self) -> dict[Path, float]:
        return dict(self.reloader.snapshot_files())

    def change(self) -> Path | None:
        """One of the files that changed, came or went since this was asked last."""
        found = self.look()
        if found == self.known:
            return None
        time.sleep(SETTLED_SECONDS)
        while (later := self.look()) != found:
            found = later
            time.sleep(SETTLED_SECONDS)
        path, _ = min(found.items() ^ self.known.items(), default=(None, 0))
        self.known = found
        return path
