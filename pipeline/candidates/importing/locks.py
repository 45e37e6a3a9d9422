"""Advisory locks: which imports are alive, and which one writes into an opening."""

from contextlib import AbstractContextManager

from django.db import connection

from pipeline.foundation import session_locks

IMPORTS = 0x1A90  # first half of the key; the second is the import's id
OPENINGS = 0x1A91  # … the opening's id
WORKSPACES = 0x1A92  # … the workspace's id
PATIENCE = "15min"  # with the import before this one, and with whoever changes its candidates


def only_one(import_id: int) -> AbstractContextManager[bool]:
    """Try to lock the import; a process that dies loses the lock. True for one at a time."""
    return session_locks.only_one(IMPORTS, import_id)


def turn_of(workspace_id: int) -> AbstractContextManager[bool]:
    """Try to take the lock of the workspace's imports: one worker at a time runs them."""
    return session_locks.only_one(WORKSPACES, workspace_id)


def enter_opening(opening_id: int) -> None:
    """Lock the opening until the transaction ends: two imports would miss each other's people."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [PATIENCE])
        cursor.execute("SELECT pg_advisory_xact_lock(%s::int, %s::int)", [OPENINGS, opening_id])


def living() -> set[int]:
    """The ids of the imports that some process is working on at this moment."""
    return held(IMPORTS)


def busy_workspaces() -> set[int]:
    """The ids of the workspaces with an import at work."""
    return held(WORKSPACES)


def held(kind: int) -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT objid::int FROM pg_locks WHERE locktype = 'advisory' AND granted"
            " AND objsubid = 2 AND classid::bigint = %s"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
            [kind],
        )
        return {row[0] for row in cursor.fetchall()}
