"""After a test that committed, the database is as the next one expects it."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection

from pipeline.candidates.models import Label

from . import emptying


def filled() -> set[str]:
    """The tables with rows in them."""
    with connection.cursor() as cursor:
        found = set()
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT EXISTS (SELECT FROM "{table}")')
            found |= {table} if cursor.fetchone()[0] else set()
    return found


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("large", [0, emptying.LARGE], ids=["truncated", "deleted"])
def test_nothing_is_left_but_what_the_migrations_wrote(
    large: int, stranger: Any, make_candidates: Any, labels: Any, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(emptying, "LARGE", large)
    make_candidates(30, labels=labels)
    permissions = set(Permission.objects.values_list())
    last = Label.objects.latest("pk")
    assert filled() > set(emptying.KEPT)

    emptying.empty_tables()

    assert filled() == set(emptying.KEPT)
    assert set(Permission.objects.values_list()) == permissions
    with connection.cursor() as cursor:  # no id comes twice: a running server may keep it
        cursor.execute("SELECT nextval(pg_get_serial_sequence('candidates_label', 'id'))")
        assert cursor.fetchone()[0] > last.pk
