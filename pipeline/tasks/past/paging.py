"""One page of the past tasks, of which there may be millions, and about how many there are.

The newest end comes first, and the id decides between tasks that ended at the same microsecond:
one cancel of many does that to all of them. As tasks/paging.py says it, a filter alone is a walk
along one index; with more than that, the first of the walk are tried against the rest, and where
too few of them match, all that match are found and put in order.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import (
    BooleanField,
    Count,
    DateTimeField,
    F,
    Func,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
)
from django.http import QueryDict

from pipeline.candidates.models import CandidateSearch
from pipeline.candidates.search import Matches, Words
from pipeline.foundation.among import among
from pipeline.foundation.counts import MOST
from pipeline.foundation.paging.by_cursor import EVERYTHING, PAGE, CursorPage, FirstOnes, Found
from pipeline.foundation.parameters import number_in
from pipeline.tasks.models import PAST_ORDER, Task
from pipeline.tasks.models.querysets import TaskQuerySet
from pipeline.tasks.paging import LOOK, merged

from .filters import PastFilter

FURTHER = 2 * LOOK  # looked at where that promises a page
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


class Row(Func):
    function = "ROW"
    output_field = BooleanField()  # that of no use; it has several


class Before(Func):
    """Compares two rows, which PostgreSQL does along an index where `a < x OR (a = x AND …)` is
    a filter: a page deep in one cancel of 100,000 tasks would read all of them."""

    template = "(%(expressions)s)"
    arg_joiner = " < "
    output_field = BooleanField()


class After(Before):
    arg_joiner = " > "


@dataclass(frozen=True)
class Cursor:
    """Where a page begins: below this place going down to older ends, or above it going up."""

    ended_at: datetime | None = None
    pk: int = 0
    is_upward: bool = False

    @classmethod
    def at(cls, task: Task, is_upward: bool = False) -> "Cursor":
        return cls(task.ended_at, task.pk, is_upward)

    @classmethod
    def from_data(cls, data: QueryDict) -> "Cursor":
        for name, is_upward in (("after", False), ("before", True)):
            ended, _, pk = data.get(name, "").partition("-")
            microseconds, row = number_in(ended, 17), number_in(pk)
            if microseconds is not None and row is not None:
                return cls(EPOCH + microseconds * MICROSECOND, row, is_upward)
        return cls()

    @property
    def is_start(self) -> bool:
        return self.ended_at is None

    @property
    def fields(self) -> list[tuple[str, str]]:
        if self.ended_at is None:
            return []
        place = f"{(self.ended_at - EPOCH) // MICROSECOND}-{self.pk}"
        return [("before" if self.is_upward else "after", place)]

    @property
    def order(self) -> list[str]:
        return ["ended_at", "id"] if self.is_upward else list(PAST_ORDER)

    @property
    def reach(self) -> Q:
        if self.ended_at is None:
            return Q()
        here = Row(Value(self.ended_at, output_field=DateTimeField()), Value(self.pk))
        side = After if self.is_upward else Before
        return Q(side(Row(F("ended_at"), F("id")), here))


class Page(CursorPage[Cursor, Task]):
    def __init__(self, filters: PastFilter, cursor: Cursor) -> None:
        self.filters = filters
        super().__init__(cursor, Cursor(), PAGE)

    def find(self, cursor: Cursor) -> Found:
        return find(self.filters, cursor)

    @cached_property
    def tasks(self) -> list[Task]:
        visible = Task.objects.visible_to(self.filters.user).for_rows()
        return list(visible.filter(pk__in=self.found.ids[:PAGE]).order_by(*PAST_ORDER))

    @property
    def rows(self) -> list[Task]:
        return self.tasks

    @property
    def fields(self) -> list[tuple[str, Any]]:
        return self.filters.fields_set

    def place_of(self, row: Task, is_upward: bool) -> Cursor:
        return Cursor.at(row, is_upward)


def find(filters: PastFilter, cursor: Cursor) -> Found:
    if not filters.is_valid():
        return Found([], 0, is_all=True)
    if "candidate" in filters.chosen:
        return gather(filters, cursor)  # who has few tasks, in no index's order
    if not filters.rest and not filters.words:
        return along(walks(filters, cursor))
    number, found = LOOK, look(filters, cursor, LOOK)
    if not (found.is_all or len(found.ids) > PAGE) and found.number:
        number = 2 * PAGE * LOOK // found.number
        if number <= FURTHER:
            found = look(filters, cursor, number)
    if found.is_all or len(found.ids) > PAGE:
        return found
    return gather(filters, cursor)


def walks(filters: PastFilter, cursor: Cursor) -> list[TaskQuerySet]:
    """From the cursor on, each along an index; see `PastFilter.begins`."""
    past = Task.objects.past().filter(filters.period, cursor.reach).order_by(*cursor.order)
    return [past.filter(**begin) for begin in filters.begins]


def along(walks: list[TaskQuerySet]) -> Found:
    if not walks:
        return Found([], 0, is_all=True)
    all_along: QuerySet[Any] = walks[0].order_by().values("pk")
    if len(walks) > 1:
        others = [walk.order_by().values("pk") for walk in walks[1:]]
        all_along = all_along.union(*others, all=True)
    number = all_along[:MOST].count()
    return Found(merged(walks, PAGE + 1), number, is_all=number < MOST)


def look(filters: PastFilter, cursor: Cursor, most: int) -> Found:
    """What matches among the first `most` of the walks."""
    begun = walks(filters, cursor)
    near = merged(begun, most) if begun else []
    tried = matching(Task.objects.filter(among(near), filters.rest), filters)
    ids = list(tried.order_by(*cursor.order).values_list("pk", flat=True))
    return Found(ids[: PAGE + 1], len(ids), is_all=len(near) < most)


def matching(tasks: TaskQuerySet, filters: PastFilter) -> TaskQuerySet:
    """Those whose candidates the words find, for few tasks: past the search index."""
    if not filters.words:
        return tasks
    document = CandidateSearch.objects.filter(pk=OuterRef("candidate")).values("document")
    return tasks.filter(Matches(Subquery(document), Words(filters.words)))


def gather(filters: PastFilter, cursor: Cursor) -> Found:
    """All that match. The planner does not see through the LIMIT, and can't begin elsewhere."""
    ids = ArrayAgg("pk", order_by=cursor.order, filter=cursor.reach)
    every = filters.qs.values("pk")[:EVERYTHING]
    result = every.aggregate(ids=FirstOnes(ids), number=Count("pk"))
    return Found(result["ids"] or [], result["number"], is_all=True, is_total=True)
