"""The database is emptied after a test that committed, as Django's `flush` does it, but sooner.

`flush` truncates every table, which makes new files for each and for each of its indexes, and then
writes all content types and permissions anew. Most tests leave a few rows in a few tables: those
are deleted. What is large is truncated, so that no dead rows slow the tests that follow.
"""

from typing import Any

from django.db import OperationalError, connection, transaction
from psycopg.errors import DeadlockDetected

# As all tests find them: written by the migrations, for code and not for people.
KEPT = ("django_content_type", "auth_permission", "django_migrations")
LARGE = 1 << 20  # bytes of a table


TRIES = 5


def empty_tables(*_: Any) -> None:
    """Leaves every sequence where it is. Waits, as `flush` does, for whoever still writes."""
    for left in reversed(range(TRIES)):
        try:
            empty_once()
        except OperationalError as error:
            # A server that still answers what the test asked takes the tables in its own order.
            if not left or not isinstance(error.__cause__, DeadlockDetected):
                raise
        else:
            break


@transaction.atomic
def empty_once() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p')"
            " AND relnamespace = 'public'::regnamespace AND relname <> ALL (%s)",
            [list(KEPT)],
        )
        names = [f'"{name}"' for (name,) in cursor.fetchall()]
        everything = ", ".join(names)
        cursor.execute(f"LOCK TABLE {everything} IN ACCESS EXCLUSIVE MODE")
        cursor.execute(
            "SELECT name, pg_relation_size(name::regclass) FROM unnest(%s::text[]) AS name", [names]
        )
        sizes = {name: size for name, size in cursor.fetchall() if size}
        if any(size > LARGE for size in sizes.values()):
            cursor.execute(f"TRUNCATE {everything}")
        elif sizes:
            # Without the triggers: all that a row of one table would take along is deleted too.
            deletes = "; ".join(f"DELETE FROM {name}" for name in sizes)
            cursor.execute(f"SET LOCAL session_replication_role = replica; {deletes}")
