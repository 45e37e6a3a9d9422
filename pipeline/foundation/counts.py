"""Counting as far as people need it: up to 10,000, beyond that "10,000+"."""

from dataclasses import dataclass
from typing import Any

from django.contrib.humanize.templatetags.humanize import intcomma
from django.db.models import IntegerField, QuerySet, Subquery

MOST = 10_000


class CountOf(Subquery):
    """Count a queryset's rows in SQL. Slice it first, so that millions are never counted."""

    template = "(SELECT count(*) FROM (%(subquery)s) AS counted)"
    output_field = IntegerField()
    empty_result_set_value = 0  # for a member of no opening


@dataclass(frozen=True)
class Number:
    """A count as pages say it: up to MOST, beyond that "10,000+".

    `is_all` says whether `value` is the exact number or there are more; None, that it is exact
    up to MOST.
    """

    value: int
    is_all: bool | None = None

    def __str__(self) -> str:
        return str(intcomma(self.value)) if self.is_exact else f"{intcomma(min(self.value, MOST))}+"

    @property
    def is_exact(self) -> bool:
        return self.value <= MOST if self.is_all is None else self.is_all

    def __bool__(self) -> bool:
        return self.value > 0


def count_some(rows: QuerySet[Any], most: int = MOST) -> Number:
    """Count the rows, up to `most`."""
    count = rows.order_by().values("pk")[: most + 1].count()
    return Number(min(count, most), is_all=count <= most)
