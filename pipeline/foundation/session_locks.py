"""Locks that a process holds across transactions, for as long as it lives.

A process that is frozen, or whose machine is gone, would hold them for ever. So whoever holds one
shows every second that it lives, and PostgreSQL ends a session that has not for SILENCE_SECONDS:
then the lock is free, and when the process goes on, it finds its session gone and ends its work.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any

import psycopg
from django.db import DEFAULT_DB_ALIAS, OperationalError, connection, connections
from psycopg.pq import TransactionStatus

log = logging.getLogger(__name__)
SILENCE_SECONDS = 4
BEAT_SECONDS = 1.0


@contextmanager
def only_one(first: int, second: int) -> Iterator[bool]:
    """Try to take a lock, which ends with the database session. True for one process at a time."""
    if not take(first, second):
        yield False
        return
    try:
        with no_other_session(), Beats(connection.connection):
            yield True
    finally:
        if connection.is_usable():
            leave(first, second)


@contextmanager
def no_other_session() -> Iterator[None]:
    """Keep Django from reconnecting: who held a lock in a lost session must not go on."""

    def refuse() -> None:
        raise OperationalError("The session is gone, and with it the lock that it held.")

    session = vars(connections[DEFAULT_DB_ALIAS])
    before = session.get("connect")
    session["connect"] = refuse
    try:
        yield
    finally:
        del session["connect"]
        if before:
            session["connect"] = before


def take(first: int, second: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(TAKE, [first, second, f"{SILENCE_SECONDS}s"])
        return bool(cursor.fetchone() != (None,))


def leave(first: int, second: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(LEAVE, [first, second])


class Beats(Thread):
    """Shows that this process lives while it isn't talking to the database."""

    def __init__(self, session: Any) -> None:
        super().__init__(name="beats", daemon=True)
        self.session = session
        self.over = Event()

    def __enter__(self) -> None:
        self.start()

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.join()

    def run(self) -> None:
        while not self.over.wait(BEAT_SECONDS):
            try:
                self.beat()
            except psycopg.Error:
                return  # whoever works in the session will be told

    def beat(self) -> None:
        """Between transactions only: inside of one, silence is to end it.

        Below psycopg, which would begin a transaction when the session is about to; its lock keeps
        this from coming between the statements of anybody else.
        """
        with self.session.lock:
            if self.session.pgconn.transaction_status == TransactionStatus.IDLE:
                self.session.pgconn.exec_(b"SELECT 1")


TAKE = """
SELECT CASE WHEN pg_try_advisory_lock(%s::int, %s::int)
    THEN set_config('idle_session_timeout', %s, false) END
"""
# One that is held twice in a session goes on to show that it lives.
LEAVE = """
SELECT pg_advisory_unlock(%s::int, %s::int), set_config('idle_session_timeout', CASE WHEN EXISTS (
    SELECT FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory' AND granted
) THEN current_setting('idle_session_timeout') ELSE '0' END, false)
"""
