"""Counting as far as people need it: up to 10,000, beyond that "10,000+"."""

from dataclasses import dataclass
from typing import Any

from django.contrib.humanize.templatetags.humanize import intcomma
from django.db.models import IntegerField, QuerySet, Subquery

MOST = 10_000


class CountOf(Subquery):
    """How many rows a queryset has: it is to be cut, so that nobody counts millions."""

    template = "(SELECT count(*) FROM (%(subquery)s) AS counted)"
    output_field = IntegerField()
    empty_result_set_value = 0  # for a member of no opening


@dataclass(frozen=True)
class Number:
    """A count as pages say it: up to MOST, beyond that "10,000+".

    `is_all` says for sure whether everything was counted, however many that are; else the last
    that were not counted are those beyond MOST.
    """

    value: int
    is_all: bool | None = None

    def __str__(self) -> str:
        is_all = self.value <= MOST if self.is_all is None else self.is_all
        return str(intcomma(self.value)) if is_all else f"{intcomma(min(self.value, MOST))}+"

    def __bool__(self) -> bool:
        return self.value > 0


def count_some(rows: QuerySet[Any]) -> Number:
    """How many of these rows there are, as far as is counted."""
    return Number(rows.order_by().values("pk")[: MOST + 1].count())
