"""What a bulk action did, failed at and left untouched: three lists, a page at a time.

Plain SQL, because the frozen selection is arrays of ids, and because each list has to be a walk
along one index from where the last page ended, however many candidates there are.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection, models

from pipeline.candidates.filters import EVERYTHING
from pipeline.candidates.models import Candidate, CandidateQuerySet, CandidateSearch
from pipeline.candidates.search import Words, tsquery
from pipeline.workspaces.models import User, membership_of

from .models import BulkAction, Result

BATCH = 2000  # rows that a download fetches at a time
REASONS_FROM = 10_000  # failures that the summary of reasons looks at
REASONS_SHOWN = 5


class Which(models.TextChoices):
    DONE = "done"
    FAILED = "failed"
    UNTOUCHED = "untouched"


def first_list(action: BulkAction) -> Which:
    """The one that a reader wants first: what was done, unless nothing was."""
    if action.done or action.is_active:
        return Which.DONE
    return Which.FAILED if action.failed else Which.UNTOUCHED


RESULTS = {Which.DONE: [Result.CHANGED, Result.UNCHANGED], Which.FAILED: [Result.FAILED]}


@dataclass(frozen=True)
class Row:
    """One candidate of a list. `candidate` is None for one that was deleted since."""

    place: tuple[int, int]  # what the list is ordered by; unique in it
    candidate_id: int
    candidate: Candidate | None
    result: Result | None
    reason: str
    before: str
    at: datetime | None

    @property
    def result_text(self) -> str:
        """ "Changed", "Failed" …, for readers of a download."""
        return self.result.label if self.result else "Untouched"

    @property
    def was_as_ordered(self) -> bool:
        return self.result == Result.UNCHANGED


@dataclass(frozen=True)
class Page:
    rows: list[Row]
    next: str  # where the next page begins, for `after`; empty on the last one


@dataclass(frozen=True)
class OutcomeList:
    """One list of one action, as `user` may see it: only candidates of the user's openings."""

    action: BulkAction
    which: Which
    user: User
    text: str = ""  # looked for in names, e-mail and phone

    def page(self, after: str = "", size: int = 50) -> Page:
        """The `size` rows that follow the place `after`; from the start when that is no place."""
        found = self._fetch(place_in(after), size + 1)
        rows = self._with_candidates(found[:size])
        is_last = len(found) <= size
        return Page(rows, "" if is_last else "-".join(map(str, rows[-1].place)))

    def __iter__(self) -> Iterator[Row]:
        """Every row, some at a time: memory stays flat, and no transaction stays open."""
        page = self.page(size=BATCH)
        yield from page.rows
        while page.next:
            page = self.page(page.next, size=BATCH)
            yield from page.rows

    def reasons(self) -> list[tuple[str, int]]:
        """The most frequent reasons among the first REASONS_FROM rows, with their counts."""
        narrowing, params = self._narrowing()
        with connection.cursor() as cursor:
            cursor.execute(
                REASONS.format(narrowing=narrowing),
                [self.action.pk, RESULTS[self.which], *params, REASONS_FROM, REASONS_SHOWN],
            )
            rows: list[tuple[str, int]] = cursor.fetchall()
        return rows

    def _fetch(self, after: tuple[int, int], limit: int) -> list[tuple[Any, ...]]:
        narrowing, params = self._narrowing()
        sql = OUTCOMES if self.which in RESULTS else UNTOUCHED
        begin = RESULTS.get(self.which) or after[0]
        with connection.cursor() as cursor:
            cursor.execute(
                sql.format(narrowing=narrowing),
                [self.action.pk, begin, *after, *params, limit],
            )
            rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows

    def _narrowing(self) -> tuple[str, tuple[Any, ...]]:
        """SQL that keeps only what the user may see and looks for; none where that is all."""
        membership = membership_of(self.user)
        query = tsquery(self.text)
        if membership and not membership.is_limited and not query:
            return "", ()
        candidates = Candidate.objects.visible_to(self.user)
        if query:
            found = CandidateSearch.objects.filter(document=Words(query))
            candidates = candidates.filter(pk__in=found.values("pk")[:EVERYTHING])
        try:
            sql, params = candidates.order_by().values("pk").query.sql_with_params()
        except EmptyResultSet:
            return "AND false", ()
        return f"AND candidate_id IN ({sql})", params

    def _with_candidates(self, found: list[tuple[Any, ...]]) -> list[Row]:
        ids = [candidate_id for _, candidate_id, *_ in found]
        candidates = whole_candidates(self.user).in_bulk(ids)
        befores = describe(self.action, [json.loads(before or "{}") for *_, before, _ in found])
        return [
            Row(
                place=(place, pk),
                candidate_id=pk,
                candidate=candidates.get(pk),
                result=Result(result) if result else None,
                reason=reason,
                before=before,
                at=at,
            )
            for (place, pk, result, reason, _, at), before in zip(found, befores, strict=True)
        ]


def whole_candidates(user: User) -> CandidateQuerySet:
    return Candidate.objects.visible_to(user).select_related("opening", "folder")


def describe(action: BulkAction, befores: list[dict[str, Any]]) -> list[str]:
    """What was there before, readable; nothing where the operation itself is gone."""
    try:
        return action.get_operation().describe_before(befores)
    except KeyError:
        return [""] * len(befores)


def place_in(text: str) -> tuple[int, int]:
    """The place that a page's `next` names; before the first row when it names none."""
    match = re.fullmatch(r"(\d{1,9})-(\d{1,18})", text, re.ASCII)
    return (int(match[1]), int(match[2])) if match else (0, 0)


# Changed before unchanged, because so the index `outcome_lists` is walked in its own order.
OUTCOMES = """
SELECT result, candidate_id, result, reason, before, at FROM bulk_actions_outcome
WHERE action_id = %s AND result = ANY(%s) AND (result, candidate_id) > (%s, %s) {narrowing}
ORDER BY result, candidate_id LIMIT %s
"""

# A pending chunk may be done in part, when it is being taken candidate by candidate.
UNTOUCHED = """
SELECT number, candidate_id, NULL, '', NULL, NULL
FROM bulk_actions_chunk AS chunk, unnest(chunk.candidate_ids) AS candidate_id
WHERE action_id = %s AND NOT is_done AND number >= %s AND (number, candidate_id) > (%s, %s)
  AND NOT EXISTS (
    SELECT FROM bulk_actions_outcome AS outcome
    WHERE outcome.candidate_id = candidate_id.candidate_id AND outcome.action_id = chunk.action_id
  ) {narrowing}
ORDER BY number, candidate_id LIMIT %s
"""

REASONS = """
SELECT reason, count(*) FROM (
    SELECT reason FROM bulk_actions_outcome
    WHERE action_id = %s AND result = ANY(%s) {narrowing}
    ORDER BY candidate_id LIMIT %s
) AS first_ones GROUP BY reason ORDER BY count(*) DESC, reason LIMIT %s
"""
