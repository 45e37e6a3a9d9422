"""Advisory locks: who may write chunks of an action, and which of its lanes is alive.

PostgreSQL's lock queue is fair: once a canceller waits, new chunks queue up behind it, so it waits
only for those in flight. Row locks (SELECT … FOR SHARE) would starve it for over a second.
"""

from contextlib import AbstractContextManager

from django.db import connection

from pipeline.foundation import session_locks

CHUNKS = 0x42E1  # first half of the key; the second is the action's id
LANES = 0x42E1_00  # plus the lane's number
CONCLUSION = 0x42E2


def enter_chunk(action_id: int) -> None:
    """Shared, until the transaction ends: many lanes may write chunks together."""
    _call("pg_advisory_xact_lock_shared", CHUNKS, action_id)


def stop_chunks(action_id: int) -> None:
    """Exclusive, until the transaction ends: waits for the chunks in flight, admits no other.

    To be called within a `fenced` transaction: a frozen lane would hold it up for ever.
    """
    _call("pg_advisory_xact_lock", CHUNKS, action_id)


def lane(action_id: int, number: int) -> AbstractContextManager[bool]:
    """Be this lane for as long as this process lives; False when another process is."""
    return session_locks.only_one(LANES + number, action_id)


def only_conclusion(action_id: int) -> AbstractContextManager[bool]:
    """Whether this process is the one that brings the action to its end."""
    return session_locks.only_one(CONCLUSION, action_id)


def living_lanes() -> set[tuple[int, int]]:
    """(action id, lane number) of every lane that some process holds at this moment."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT objid::int, classid::int - %s FROM pg_locks"
            " WHERE locktype = 'advisory' AND granted AND objsubid = 2"
            " AND classid::bigint BETWEEN %s AND %s"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
            [LANES, LANES, LANES + 0xFF],
        )
        return set(cursor.fetchall())


def _call(function: str, first: int, second: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s::int, %s::int)", [first, second])
        return bool(cursor.fetchone()[0])
