"""Rows by very many ids: passed as one text, or found by the database."""

from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BooleanField, F, Func, Q, QuerySet, Value


class Among(Func):
    template = "(%(expressions)s::bigint[]))"
    arg_joiner = " = ANY("
    output_field = BooleanField()


def among(ids: list[int]) -> Q:
    """As `pk__in`, with the ids as one text: 5,000 separate parameters take 60 ms."""
    return Q(Among(F("pk"), Value(f"{{{','.join(map(str, ids))}}}")))


def among_found(ids: QuerySet[Any, Any]) -> Q:
    """As `pk__in`, but the ids are found first, and once.

    A join of rows that have just been written may compare everybody with everybody, as the
    planner takes them for a few.
    """
    return Q(Among(F("pk"), ArraySubquery(ids)))
