"""One page of a list that may have a million rows, and about how many there are.

No query looks at all of them where it can be avoided. First the newest LOOK candidates under one
filter, which an index has in order, are tried against the others: a page of them is mostly there.
Only when too few match, all that match are found first and then put in order.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.contrib.postgres.aggregates import ArrayAgg
from django.contrib.postgres.fields import ArrayField
from django.db.models import BigIntegerField, Count, Func, QuerySet
from django.http import QueryDict

from pipeline.workspaces.models import membership_of

from .filters import EVERYTHING, CandidateFilter
from .models import Candidate, CandidateLabel, CandidateQuerySet
from .search import Words

PAGE = 50
LOOK = 10_000


class FirstOnes(Func):
    template = f"(%(expressions)s)[:{PAGE + 1}]"
    output_field = ArrayField(BigIntegerField())


@dataclass(frozen=True)
class Cursor:
    """Where a page begins: after this id going down to older ones, or before it going up."""

    pk: int | None = None
    is_upward: bool = False

    @classmethod
    def from_data(cls, data: QueryDict) -> "Cursor":
        for name, is_upward in (("after", False), ("before", True)):
            value = data.get(name, "")
            if value.isdecimal() and len(value) < 19:
                return cls(int(value), is_upward)
        return cls()

    @property
    def fields(self) -> list[tuple[str, int]]:
        name = "before" if self.is_upward else "after"
        return [] if self.pk is None else [(name, self.pk)]

    @property
    def order(self) -> str:
        return "" if self.is_upward else "-"

    def cut(self, rows: QuerySet[Any], field: str = "pk") -> QuerySet[Any]:
        if self.pk is None:
            return rows
        return rows.filter(**{f"{field}__{'gt' if self.is_upward else 'lt'}": self.pk})


@dataclass(frozen=True)
class Found:
    ids: list[int]  # the first PAGE + 1 from the cursor
    number: int
    is_all: bool  # else there are more than `number`


class Page:
    def __init__(self, filters: CandidateFilter, cursor: Cursor) -> None:
        self.filters = filters
        self.cursor = cursor
        self.found = find(filters, cursor)
        if cursor.is_upward and len(self.found.ids) <= PAGE:
            # The top is reached: show it whole, with what is new there.
            self.cursor = Cursor()
            self.found = find(filters, self.cursor)

    @cached_property
    def candidates(self) -> list[Candidate]:
        rows = Candidate.objects.filter(pk__in=self.found.ids[:PAGE]).order_by("-pk")
        rows = rows.select_related("opening", "folder", "recruiter__user")
        return list(rows.prefetch_related("labels"))

    @cached_property
    def total(self) -> Found:
        return self.found if self.cursor.pk is None else find(self.filters, Cursor())

    @property
    def query(self) -> str:
        """What this page's address ends in."""
        return self.query_at(self.cursor)

    def query_at(self, cursor: Cursor) -> str:
        return urlencode([*self.filters.fields, *cursor.fields])

    @property
    def next(self) -> str:
        """What the next page's address ends in; nothing on the last one."""
        if self.candidates and (self.cursor.is_upward or len(self.found.ids) > PAGE):
            return self.query_at(Cursor(self.candidates[-1].pk))
        return ""

    @property
    def previous(self) -> str:
        if self.candidates and self.cursor.pk:
            return self.query_at(Cursor(self.candidates[0].pk, is_upward=True))
        return ""


def find(filters: CandidateFilter, cursor: Cursor) -> Found:
    near = walk(filters, cursor)
    tried = filters.before_search.filter(pk__in=near)
    if filters.words:
        tried = tried.filter(search__document=Words(filters.words))
    found = gather(tried, cursor, is_all=near.count() < LOOK)
    if found.is_all or len(found.ids) > PAGE:
        return found
    everything = cursor.cut(filters.qs).order_by().values("pk")[:EVERYTHING]
    return gather(everything, cursor, is_all=True)


def gather(rows: QuerySet[Any], cursor: Cursor, *, is_all: bool) -> Found:
    ids = FirstOnes(ArrayAgg("pk", ordering=f"{cursor.order}pk"))
    result = rows.order_by().aggregate(ids=ids, number=Count("pk"))
    return Found(result["ids"] or [], result["number"], is_all)


def walk(filters: CandidateFilter, cursor: Cursor) -> QuerySet[Any]:
    """The ids of the first LOOK candidates from the cursor, under the narrowest filter alone."""
    chosen = filters.chosen
    if "label" in chosen:
        labelled = CandidateLabel.objects.filter(label=chosen["label"])
        rows = cursor.cut(labelled, "candidate_id").order_by(f"{cursor.order}candidate_id")
        return rows.values("candidate_id")[:LOOK]
    membership = membership_of(filters.user)
    assert membership
    for name in ("recruiter", "folder", "opening"):
        if name in chosen:
            return ordered(Candidate.objects.filter(**{name: chosen[name]}), cursor)
    ours = Candidate.objects.filter(workspace=membership.workspace_id)
    if membership.is_limited:
        openings = [ordered(ours.filter(opening=opening), cursor) for opening in membership.openings.all()]
        merged = Candidate.objects.none().values("pk").union(*openings, all=True)
        return merged.order_by(f"{cursor.order}pk")[:LOOK]
    if "source" in chosen:
        ours = ours.filter(source=chosen["source"])
    return ordered(ours, cursor)


def ordered(rows: CandidateQuerySet, cursor: Cursor) -> QuerySet[Any]:
    return cursor.cut(rows).order_by(f"{cursor.order}pk").values("pk")[:LOOK]
