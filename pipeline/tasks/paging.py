"""The first rows of a list that may have millions of tasks, whatever it is filtered by.

Each filter alone is a walk along one index, in the order of the list, or a few walks that are
merged: one for each type of a channel, or for each opening of a limited member. With another
filter beside it, the first LOOK tasks of the walk are tried against the rest; where too few of
these match, all that match are found first and put in order afterwards.
"""

from collections.abc import Sequence
from typing import Any

from django.db.models import Q, QuerySet

from pipeline.foundation.among import among
from pipeline.foundation.paging.by_cursor import EVERYTHING

from .models import Task

LOOK = 5_000


def first_ids(walks: Sequence[QuerySet[Task]], rest: Q, number: int) -> list[int]:
    """The ids of the first `number` tasks of `walks` that `rest` lets through, in order.

    Each walk is ordered as an index is, filtered by what that index begins with, and cut to where
    the page begins; no task is in two of them. `rest` is empty where they say it all.
    """
    if not walks:
        return []
    if not rest:
        return merged(walks, number)
    order = walks[0].query.order_by
    near = merged(walks, LOOK)
    found = Task.objects.filter(among(near), rest).order_by(*order)
    ids = list(found.values_list("pk", flat=True)[:number])
    if len(ids) == number or len(near) < LOOK:
        return ids
    matching = [walk.filter(rest).order_by().values("pk")[:EVERYTHING] for walk in walks]
    return in_order(matching, order, number)


def merged(walks: Sequence[QuerySet[Task]], number: int) -> list[int]:
    """The first `number` of all walks: each brings its first ones, and these are put in order.

    They bring what they are ordered by, which ends in the id, so that no row is looked up again.
    """
    if len(walks) == 1:
        return list(walks[0].values_list("pk", flat=True)[:number])
    order = walks[0].query.order_by
    columns = [str(name).lstrip("-") for name in order]
    firsts = [walk.values_list(*columns)[:number] for walk in walks]
    together = firsts[0].union(*firsts[1:], all=True).order_by(*order)
    return [row[-1] for row in together[:number]]


def in_order(parts: Sequence[QuerySet[Any]], order: Sequence[Any], number: int) -> list[int]:
    together = parts[0].union(*parts[1:], all=True) if len(parts) > 1 else parts[0]
    found = Task.objects.filter(pk__in=together).order_by(*order)
    return list(found.values_list("pk", flat=True)[:number])
