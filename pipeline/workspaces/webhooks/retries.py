"""When to try again: about ten times within a day, ever more rarely."""

import random
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

WAITS = [
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=3),
    timedelta(hours=6),
    timedelta(hours=12),
]
MOST_TRIES = len(WAITS) + 1
JITTER = 0.2  # up to so much longer: what failed together does not come back together
PAUSES = (429, 503)  # the answers whose Retry-After is honored
LONGEST_PAUSE = timedelta(hours=6)
GONE = 410  # the receiver wants no more of it
PATIENCE = timedelta(days=5)  # of failures alone, then the endpoint is switched off


def wait_after(tries: int) -> timedelta | None:
    """How long to wait when that many tries have failed; None: give up."""
    if tries >= MOST_TRIES:
        return None
    return WAITS[max(tries, 1) - 1] * (1 + random.random() * JITTER)


def waits_in_words() -> str:
    """ "5 s, 30 s, 2 min …"."""
    seconds = [round(wait.total_seconds()) for wait in WAITS]
    units = [(3600, "h"), (60, "min"), (1, "s")]
    return ", ".join(
        next(f"{wait // size} {unit}" for size, unit in units if wait >= size) for wait in seconds
    )


def pause_asked_for(status: int | None, retry_after: str, now: datetime) -> timedelta | None:
    """What Retry-After says (RFC 9110, 10.2.3: seconds, or a date), within reason."""
    if status not in PAUSES or not retry_after:
        return None
    if retry_after.isdecimal() and len(retry_after) < 10:
        pause = timedelta(seconds=int(retry_after))
    else:
        try:
            until = parsedate_to_datetime(retry_after)
        except ValueError:
            return None
        pause = until.replace(tzinfo=until.tzinfo or UTC) - now
    return min(max(pause, timedelta()), LONGEST_PAUSE)
