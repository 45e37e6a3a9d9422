"""How long to wait before the next try."""

import time
from dataclasses import dataclass

FIRST_SECONDS = 0.5
MOST_SECONDS = 8.0  # what was away is back for that long at most before it is noticed
STEADY_SECONDS = 60.0  # without a failure: the next one is the first again


@dataclass
class Patience:
    """A delay that doubles from one failure to the next, up to MOST_SECONDS."""

    failures: int = 0
    failed_at: float = 0.0

    def wait(self) -> None:
        time.sleep(self.after_failure())

    def after_failure(self) -> float:
        """Count a failure; returns the seconds to wait before the next try."""
        now = time.monotonic()
        if now - self.failed_at > STEADY_SECONDS:
            self.failures = 0
        self.failures += 1
        self.failed_at = now
        return float(min(FIRST_SECONDS * 2 ** (self.failures - 1), MOST_SECONDS))
