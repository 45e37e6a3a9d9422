"""Work on many rows at once; if one breaks it, on ever smaller parts down to that row."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from django.db import Error, connection, transaction
from rq.timeouts import BaseTimeoutException

from .outages import outage_of
from .turns import Interrupted

MOST_BROKEN = 8  # found one by one; what is left then is taken for broken untried
T = TypeVar("T")


class TooMany(Exception):
    """The row was not tried, because too many others are broken."""


def work_in_parts(
    rows: Sequence[T], work: Callable[[Sequence[T]], object], most: int = MOST_BROKEN
) -> list[tuple[T, Exception]]:
    """Have `work` done on all rows, each part in a transaction or savepoint of its own.

    Returns the rows that it fails on even alone, with their errors. Its time is bounded: for n rows
    there are at most about 2 · most · log2(n) calls. Raises what is no row's fault: the end of a
    job's time, a process that is asked to stop, a database that is away.
    """
    broken: list[tuple[T, Exception]] = []
    is_inside = connection.in_atomic_block
    waiting = [rows] if rows else []
    while waiting:
        part = waiting.pop()
        if len(broken) >= most:
            broken += [(row, TooMany()) for row in part]
            continue
        try:
            with transaction.atomic():
                work(part)
                if is_inside:
                    connection.check_constraints()  # else the caller's commit fails for all
        except (BaseTimeoutException, Interrupted):
            raise
        except Exception as error:
            raise_if_lost(error)
            if outage_of(error):  # nor is it a lock that was waited for: who tries on, waits on
                broken += [(row, error) for left in [part, *waiting[::-1]] for row in left]
                break
            if len(part) == 1:
                broken.append((part[0], error))
            else:
                middle = len(part) // 2
                waiting += [part[middle:], part[:middle]]
    return broken


def raise_if_lost(error: Exception) -> None:
    """Raise `error` where the database is away, or the session that a transaction was begun in.

    A session that was ended for one record's sake, as one that took too long, is replaced.
    """
    if connection.is_usable():
        return
    if connection.in_atomic_block:
        raise error
    connection.close()
    try:
        connection.ensure_connection()
    except Error:
        raise error from None
