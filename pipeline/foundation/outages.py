"""Tells an outage from a bug: PostgreSQL or Redis is away or has no room, and will be back."""

from collections.abc import Iterator
from enum import Enum

import psycopg
from django.db import InterfaceError, OperationalError
from redis import exceptions as redis

# SQLSTATE classes and codes, https://www.postgresql.org/docs/18/errcodes-appendix.html
AWAY = ("08", "57P", "58", "25P03", "25P04")  # lost, shut down, disk error, session ended
BUSY = ("53", "55P03", "57014", "40")  # no connection or memory left, lock or statement timeout
REDIS_AWAY = ("MISCONF", "LOADING", "NOREPLICAS", "OOM", "READONLY", "CLUSTERDOWN")


class Outage(Enum):
    """What is away, as people read it."""

    DATABASE = "Belay can’t reach its database right now."
    BUSY = "Belay is very busy right now."
    QUEUE = "Belay can’t reach its work queue right now."
    SLOW = "Belay takes too long to answer right now."


def outage_of(error: BaseException | None) -> Outage | None:
    """The outage behind an error, or None: then it is a bug."""
    for cause in causes(error):
        if found := judge(cause):
            return found
    return None


def causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error, and what it was raised from: Django wraps the driver's errors in its own."""
    while error is not None:
        yield error
        error = error.__cause__


def judge(error: BaseException) -> Outage | None:
    if isinstance(error, InterfaceError | psycopg.InterfaceError):
        return Outage.DATABASE  # the connection was closed under our hands
    if isinstance(error, OperationalError) and error.__cause__ is None:
        return Outage.DATABASE
    if isinstance(error, psycopg.Error):
        return of_postgresql(error)
    if isinstance(error, redis.ConnectionError | redis.TimeoutError):
        return Outage.QUEUE
    if isinstance(error, redis.ResponseError) and str(error).startswith(REDIS_AWAY):
        return Outage.QUEUE
    return None


def of_postgresql(error: psycopg.Error) -> Outage | None:
    state = error.sqlstate
    if state is None:  # from the client's side: no connection, or the pool gave none in time
        return Outage.DATABASE if isinstance(error, psycopg.OperationalError) else None
    if state.startswith(BUSY):
        return Outage.BUSY
    return Outage.DATABASE if state.startswith(AWAY) else None
