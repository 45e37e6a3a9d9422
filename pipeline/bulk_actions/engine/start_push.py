"""Tells of an action's start: with its first chunk, or before it where that takes long.

To render and push a row takes as long as some thousand candidates; a first chunk that has to wait
for somebody's lock must not keep the action In Queue on everybody's screen.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

from django.db import connection

from pipeline.bulk_actions.models import BulkAction

SOON_SECONDS = 0.2


@contextmanager
def started(action: BulkAction) -> Iterator[None]:
    """Start it, if it waits, and tell everybody when the block ends or SOON_SECONDS have passed."""
    if not action.start(announces=False):
        yield
        return
    late = LatePush(action)
    late.start()
    try:
        yield
    finally:
        late.done.set()
        late.join()
        if not late.has_told:
            action.announce()


class LatePush(Thread):
    """Tells of the start from a thread of its own, unless it is `done` soon."""

    def __init__(self, action: BulkAction) -> None:
        super().__init__(name="start push", daemon=True)
        self.action = action
        self.done = Event()
        self.has_told = False

    def run(self) -> None:
        if self.done.wait(SOON_SECONDS):
            return
        self.has_told = True
        try:
            self.action.announce()
        finally:
            connection.close()  # this thread's own
