"""Rows into a staging table with COPY. It is temporary: a killed import leaves nothing behind."""

from collections.abc import Iterable
from typing import Any

from django.db import connection
from psycopg.types.json import Jsonb

from .cleaning import name_key
from .people import Person

CREATE = """
DROP TABLE IF EXISTS pg_temp.staged;
CREATE TEMP TABLE staged (
    record bigint, email text, phone text, other_phones text[], name_key text,
    first_name text, last_name text, full_name text, source text, folder_id bigint,
    created_at timestamptz, labels text[], opt_outs text[], attributes jsonb
)
"""

Line = tuple[int, Person, int | None]  # the record's number, who, and the folder if it names one


def create() -> None:
    with connection.cursor() as cursor:
        cursor.execute(CREATE)


def copy(lines: Iterable[Line]) -> None:
    """Append people to the staging table."""
    with connection.cursor() as cursor, cursor.copy("COPY staged FROM STDIN") as out:
        for record, person, folder_id in lines:
            out.write_row(staged(record, person, folder_id))


def staged(record: int, person: Person, folder_id: int | None) -> tuple[Any, ...]:
    key = name_key(person.full_name) if person.phone else ""
    return (
        record, person.email, person.phone, person.other_phones, key,
        person.first_name, person.last_name, person.full_name, person.source, folder_id,
        person.created_at, person.labels, person.opt_outs, Jsonb(person.attributes),
    )  # fmt: skip


def stay_awake() -> None:
    """To be called now and then in a transaction that does something else: see session_limits."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
