"""The database's clock, by which everything in Belay goes; the clock of a host decides nothing.

In a query it is `Now()`. `now()` is the same for Python, to within a few milliseconds: it asks the
database every ten seconds and counts on from its answer.
"""

import time
from datetime import datetime, timedelta
from typing import NamedTuple

import psycopg
from django.db import Error, connection
from django.utils import timezone

ASK_SECONDS = 10.0
# A host whose own clock moved against its steady one was asleep, or has had its clock set.
JUMP_SECONDS = 0.5


class Reading(NamedTuple):
    moment: datetime  # what the database said
    steady: float  # what this host's clocks said then
    wall: float

    @property
    def is_fresh(self) -> bool:
        passed = time.monotonic() - self.steady
        jump = time.time() - self.wall - passed
        return 0 <= passed < ASK_SECONDS and abs(jump) < JUMP_SECONDS


_last: Reading | None = None


def now() -> datetime:
    """Return the database's time; while the database is away, the best estimate of it."""
    global _last
    if _last is None or not _last.is_fresh:
        _last = ask() or _last
    if _last is None:
        return timezone.now()  # nothing can be written or compared with it until it was asked
    return _last.moment + timedelta(seconds=time.monotonic() - _last.steady)


def ask() -> Reading | None:
    """One round trip; None where the database does not answer, or refuses to after an error."""
    began = time.monotonic()
    try:
        connection.ensure_connection()
        # Not by Django's cursor: this is no part of what a page asks for, and not in its log.
        (moment,) = connection.connection.execute("SELECT clock_timestamp()").fetchone()
    except (Error, psycopg.Error):
        return None
    ended = time.monotonic()
    return Reading(moment, (began + ended) / 2, time.time())
