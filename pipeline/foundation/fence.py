"""Ends database sessions that others wait for and whose process does nothing any more.

A frozen process, or one whose machine is gone, keeps its locks for as long as its session lives.
Whoever must not be held up by it waits inside of `fenced`: soon a second connection looks who is in
the way, and ends sessions that have been silent for PATIENCE_SECONDS. What they had not committed
is rolled back, and when their process goes on, it can do nothing more with a session that is gone.
"""

import logging
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from contextvars import ContextVar
from threading import Event, Thread
from typing import Any
from weakref import WeakKeyDictionary

from django.db import DatabaseError, connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

log = logging.getLogger(__name__)
PATIENCE_SECONDS = 1.0  # with whoever is in the way; our own code takes milliseconds
FIRST_LOOK_SECONDS = 0.25  # who has been silent before for as long as that is ended at once
LOOK_SECONDS = 0.05  # between two looks after the first

is_watched: ContextVar[bool] = ContextVar("is_watched", default=False)
backends: WeakKeyDictionary[Any, int] = WeakKeyDictionary()


@contextmanager
def fenced(*, even_at_work: bool = False) -> Iterator[None]:
    """Open a transaction that a frozen or dead session can't block for more than PATIENCE_SECONDS.

    Sessions that are at work are waited for, as long as this session's lock_timeout allows; with
    `even_at_work` not those that share an advisory lock with others: their work is rolled back.
    """
    with watched(even_at_work=even_at_work), transaction.atomic():
        yield


@contextmanager
def watched(*, even_at_work: bool = False) -> Iterator[None]:
    """As `fenced`, around several transactions that share the PATIENCE_SECONDS."""
    if is_watched.get():
        yield
        return
    token = is_watched.set(True)
    watch = Watch(backend(), even_at_work)
    watch.start()
    try:
        yield
    finally:
        watch.end()
        is_watched.reset(token)


def backend() -> int:
    """The server process of this session: behind a pooler only the server itself knows it."""
    connection.ensure_connection()
    if connection.connection not in backends:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            backends[connection.connection] = cursor.fetchone()[0]
    return backends[connection.connection]


class Watch(Thread):
    """Looks from a connection of its own what the session `waiter` waits for, if it takes long."""

    def __init__(self, waiter: int, even_at_work: bool) -> None:
        super().__init__(name="fence", daemon=True)
        self.waiter = waiter
        self.even_at_work = even_at_work
        self.over = Event()
        self.is_looking = False

    def run(self) -> None:
        patience_ends = time.monotonic() + PATIENCE_SECONDS
        if self.over.wait(FIRST_LOOK_SECONDS):
            return
        self.is_looking = True
        with closing(own_connection()) as own:
            while not self.over.is_set():
                about = {
                    "waiter": self.waiter,
                    "even_at_work": self.even_at_work and time.monotonic() >= patience_ends,
                    "patience": PATIENCE_SECONDS,
                }
                try:
                    end_what_is_in_the_way(own, about)
                except DatabaseError as error:  # too many connections, for one: try again
                    log.warning("The fence can't look: %s", error)
                    own.close()
                self.over.wait(LOOK_SECONDS)

    def end(self) -> None:
        self.over.set()
        if self.is_looking:
            self.join()  # or it would look at what this session waits for next


def own_connection() -> BaseDatabaseWrapper:
    """Open a connection outside the pool, whose connections may all be waiting."""
    own = connection.copy()
    options = {key: value for key, value in own.settings_dict["OPTIONS"].items() if key != "pool"}
    own.settings_dict = {**own.settings_dict, "OPTIONS": options}
    return own


def end_what_is_in_the_way(own: BaseDatabaseWrapper, about: dict[str, Any]) -> None:
    with own.cursor() as cursor:
        cursor.execute(END, about)
        for pid, name, address, state, seconds in cursor.fetchall():
            log.warning(
                "Ended session %s (%s, %s): others waited for a lock that it held, and it was"
                " %s for %.1f s. What it had not committed is rolled back.",
                pid,
                name,
                address or "local",
                state,
                seconds,
            )


# Who is in the way of whoever is in the way counts as well. A session that waits for a lock itself
# is never the cause; nor is one that waited with us, and has just been let in. By the server's
# clock: ours may have stood still.
END = """
WITH RECURSIVE blocking (pid) AS (
    SELECT unnest(pg_blocking_pids(%(waiter)s))
    UNION
    SELECT unnest(pg_blocking_pids(blocking.pid)) FROM blocking
), silent AS MATERIALIZED (
    SELECT pid, state_change AS since FROM blocking JOIN pg_stat_activity USING (pid)
    WHERE state_change < clock_timestamp() - %(patience)s * interval '1 s'
      AND (state LIKE 'idle in transaction%%' OR wait_event = 'ClientWrite')
), at_work AS MATERIALIZED (
    SELECT held.pid, xact_start AS since
    FROM pg_locks AS held JOIN pg_locks AS waited USING (
        locktype, database, classid, objid, objsubid
    ) JOIN pg_stat_activity AS activity ON activity.pid = held.pid
    WHERE %(even_at_work)s AND locktype = 'advisory' AND held.granted AND held.mode = 'ShareLock'
      AND waited.pid = %(waiter)s AND NOT waited.granted
      AND held.pid = ANY(pg_blocking_pids(%(waiter)s))
      AND xact_start < clock_timestamp() - %(patience)s * interval '1 s'
      AND NOT EXISTS (SELECT FROM silent)
), ended AS MATERIALIZED (
    SELECT pid, application_name, client_addr, state,
        extract(epoch FROM clock_timestamp() - since)::float AS seconds
    FROM (SELECT * FROM silent UNION SELECT * FROM at_work) AS found
    JOIN pg_stat_activity USING (pid)
    WHERE usename = current_user AND pid NOT IN (pg_backend_pid(), %(waiter)s)
)
SELECT pid, application_name, client_addr::text, state, seconds
FROM ended WHERE pg_terminate_backend(pid)
"""
