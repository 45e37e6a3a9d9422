"""Counts as pages say them: up to 10,000, beyond that "10,000+"."""

from typing import Any

from django.db.models import QuerySet

from pipeline.tasks.campaigns.counts import MOST, Number

__all__ = ["Number", "count_some"]


def count_some(rows: QuerySet[Any]) -> Number:
    """Of these rows as many as are counted."""
    return Number(rows.order_by().values("pk")[: MOST + 1].count())
