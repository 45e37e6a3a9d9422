"""One page of a list that may have a million rows, and about how many there are.

Each filter alone is a walk along one index, in order. More than one, or a search, would make
PostgreSQL guess, and it guesses badly. So first the newest SAMPLE candidates of one walk are tried
against the rest, and up to LOOK of them where that promises a page. Where too few match, all that
match are found first, beginning with what lets the fewest through, and put in order afterwards.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import (
    Count,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
)
from django.http import QueryDict

from pipeline.foundation.counts import MOST
from pipeline.foundation.paging.by_cursor import EVERYTHING, PAGE, CursorPage, FirstOnes, Found
from pipeline.foundation.parameters import number_in

from .filters import CandidateFilter
from .models import Candidate, CandidateQuerySet, CandidateSearch
from .search import Matches, Words

LOOK = 5_000
SAMPLE = 1_000  # tells how many match, and whether the search or the filters let fewer through


@dataclass(frozen=True)
class Cursor:
    """Where a page begins: after this id going down to older ones, or before it going up."""

    pk: int | None = None
    is_upward: bool = False

    @classmethod
    def from_data(cls, data: QueryDict) -> "Cursor":
        for name, is_upward in (("after", False), ("before", True)):
            number = number_in(data.get(name))
            if number is not None:
                return cls(number, is_upward)
        return cls()

    @property
    def is_start(self) -> bool:
        return not self.pk

    @property
    def fields(self) -> list[tuple[str, int]]:
        name = "before" if self.is_upward else "after"
        return [] if self.pk is None else [(name, self.pk)]

    @property
    def order(self) -> str:
        return "" if self.is_upward else "-"

    def reach(self, field: str = "pk") -> Q:
        return Q(**{f"{field}__{'gt' if self.is_upward else 'lt'}": self.pk}) if self.pk else Q()


class Page(CursorPage[Cursor, Candidate]):
    def __init__(self, filters: CandidateFilter, cursor: Cursor) -> None:
        self.filters = filters
        super().__init__(cursor, Cursor(), PAGE)

    def find(self, cursor: Cursor) -> Found:
        return find(self.filters, cursor)

    @cached_property
    def candidates(self) -> list[Candidate]:
        visible = Candidate.objects.visible_to(self.filters.user)
        rows = visible.filter(pk__in=self.found.ids[:PAGE]).order_by("-pk")
        rows = rows.select_related("opening", "folder", "recruiter__user")
        return list(rows.defer("attributes").prefetch_related("labels"))

    @property
    def rows(self) -> list[Candidate]:
        return self.candidates

    @property
    def fields(self) -> list[tuple[str, Any]]:
        return self.filters.fields

    def place_of(self, row: Candidate, is_upward: bool) -> Cursor:
        return Cursor(row.pk, is_upward)


def find(filters: CandidateFilter, cursor: Cursor) -> Found:
    if is_one_walk(filters):
        all_along = walk(filters, cursor, MOST)
        number = all_along.count()
        return Found(list(all_along[: PAGE + 1]), number, number < MOST)
    found = look(filters, cursor, SAMPLE)
    if found.is_all or len(found.ids) > PAGE:
        return found
    enough = 2 * PAGE * SAMPLE // max(found.number, 1)
    if enough <= LOOK:
        found = look(filters, cursor, enough)
        if found.is_all or len(found.ids) > PAGE:
            return found
    return Found(*gather(fenced(filters, cursor), cursor), is_all=True, is_total=True)


def look(filters: CandidateFilter, cursor: Cursor, most: int) -> Found:
    """Find the matches among the first `most` candidates of the walk."""
    near = walk(filters, cursor, most)
    tried = matching(filters.before_search.filter(pk__in=near), filters)
    ids, number = gather(tried.order_by(), cursor)
    return Found(ids, number, is_all=near.count() < most)


def matching(candidates: CandidateQuerySet, filters: CandidateFilter) -> CandidateQuerySet:
    """Keep the candidates whose words match, each looked up by id: for few of them."""
    if not filters.words:
        return candidates
    document = CandidateSearch.objects.filter(pk=OuterRef("pk")).values("document")
    return candidates.filter(Matches(Subquery(document), Words(filters.words)))


def fenced(filters: CandidateFilter, cursor: Cursor) -> QuerySet[Any]:
    """Find all matches, beginning inside a LIMIT that keeps the planner from starting elsewhere."""
    if filters.words:
        sample = walk(filters, cursor, SAMPLE)
        searched = matching(Candidate.objects.filter(pk__in=sample), filters)
        if filters.before_search.filter(pk__in=sample).count() < searched.count():
            filtered = filters.before_search.order_by().values("pk")[:EVERYTHING]
            return matching(Candidate.objects.filter(pk__in=filtered), filters).order_by()
    return filters.qs.order_by().values("pk")[:EVERYTHING]


def gather(rows: QuerySet[Any], cursor: Cursor) -> tuple[list[int], int]:
    """Return the first ids from the cursor on, and how many rows there are."""
    ids = ArrayAgg("pk", order_by=f"{cursor.order}pk", filter=cursor.reach())
    result = rows.aggregate(ids=FirstOnes(ids), number=Count("pk"))
    return result["ids"] or [], result["number"]


def is_one_walk(filters: CandidateFilter) -> bool:
    """Whether `walk` alone answers the filters, including what the user may see."""
    if not filters.is_valid() or filters.words:
        return False
    names = filters.chosen.keys() - {"q"}
    if "opening" in names or "folder" in names:
        return names <= {"opening", "folder"}
    return len(names) < (1 if filters.membership.is_limited else 2)


def walk(filters: CandidateFilter, cursor: Cursor, most: int) -> QuerySet[Any]:
    """Return the first `most` ids from the cursor on, by the narrowest filter alone."""
    chosen = filters.chosen
    if (rows := filters.rows) is not None:
        rows = rows.filter(cursor.reach("candidate_id")).order_by(f"{cursor.order}candidate_id")
        return rows.values_list("candidate_id", flat=True)[:most]

    def along(rows: CandidateQuerySet) -> QuerySet[Any]:
        return (
            rows.filter(cursor.reach())
            .order_by(f"{cursor.order}id")
            .values_list("id", flat=True)[:most]
        )

    for name in ("recruiter", "folder", "opening"):
        if name in chosen:
            return along(Candidate.objects.filter(**{name: chosen[name]}))
    ours = Candidate.objects.filter(workspace=filters.membership.workspace_id)
    if filters.membership.is_limited:
        walks = [
            along(ours.filter(opening=opening)) for opening in filters.membership.openings.all()
        ]
        if len(walks) < 2:
            return walks[0] if walks else ours.none().values_list("id", flat=True)
        return walks[0].union(*walks[1:], all=True).order_by(f"{cursor.order}id")[:most]
    return along(ours.filter(source=chosen["source"]) if "source" in chosen else ours)
