"""A job's turn: how long it works before others get theirs, and the request to stop sooner."""

import time

_is_stop_requested = False


class Interrupted(Exception):
    """The process was asked to stop, so its work is given up and starts over later."""


def request_stop(*_signal: object) -> None:
    """Have this process end its turn after the step in hand. Serves as a signal's handler."""
    global _is_stop_requested
    _is_stop_requested = True


def is_stop_requested() -> bool:
    return _is_stop_requested


class Turn:
    """A number of seconds to work from now on; it ends early when the process has to stop."""

    def __init__(self, seconds: float) -> None:
        self.began = time.monotonic()
        self.seconds = seconds

    @property
    def elapsed(self) -> float:
        return time.monotonic() - self.began

    def is_over(self) -> bool:
        return _is_stop_requested or self.elapsed >= self.seconds
