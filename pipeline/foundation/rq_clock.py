"""RQ's schedule goes by the database's clock: jobs are put into it by times of the database.

RQ itself takes the time of whichever host's scheduler is at work.
"""

from datetime import datetime, timedelta

import rq.scheduler
from django.db import connection

from . import database_clock


def timestamp() -> int:
    """Whole seconds, as RQ counts them. Leaves no connection open: the scheduler is a process of
    its own, and needs one only now and then."""
    try:
        return int(database_clock.now().timestamp())
    finally:
        connection.close()


def not_before(moment: datetime) -> datetime:
    """For `enqueue_at`, which drops the fraction of the second: a job that comes too early finds
    nothing to do, and is lost."""
    return moment + timedelta(microseconds=-moment.microsecond % 1_000_000)


def install() -> None:
    """Have this process' scheduler, and those that it forks, go by the database's clock."""
    rq.scheduler.current_timestamp = timestamp  # type: ignore[attr-defined]
