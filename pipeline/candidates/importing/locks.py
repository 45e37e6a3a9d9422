"""Advisory locks: which imports are alive, and which one writes into an opening."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

IMPORTS = 0x1A90  # first half of the key; the second is the import's id
OPENINGS = 0x1A91  # … the opening's id


@contextmanager
def only_one(import_id: int) -> Iterator[bool]:
    """True for one process at a time, for as long as its database session lives."""
    if not _call("pg_try_advisory_lock", IMPORTS, import_id):
        yield False
        return
    try:
        yield True
    finally:
        if connection.connection and not connection.connection.closed:
            _call("pg_advisory_unlock", IMPORTS, import_id)


def enter_opening(opening_id: int) -> None:
    """Until the transaction ends: two imports at once would both miss the other's people."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s::int, %s::int)", [OPENINGS, opening_id])


def living() -> set[int]:
    """The ids of the imports that some process is working on at this moment."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT objid::int FROM pg_locks WHERE locktype = 'advisory' AND granted"
            " AND objsubid = 2 AND classid::bigint = %s"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
            [IMPORTS],
        )
        return {row[0] for row in cursor.fetchall()}


def _call(function: str, first: int, second: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s::int, %s::int)", [first, second])
        return bool(cursor.fetchone()[0])
