"""What a bulk action did, failed at and left untouched: three lists, a page at a time.

Plain SQL, because the frozen selection is arrays of ids, and because each list has to be a walk
along one index from where the last page ended, however many candidates there are.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection, models

from pipeline.bulk_actions.models import BulkAction, Result
from pipeline.bulk_actions.operations import operation_of
from pipeline.bulk_actions.reasons import sentence_of
from pipeline.candidates.models import Candidate, CandidateQuerySet, CandidateSearch
from pipeline.candidates.search import Words, tsquery
from pipeline.candidates.sight import sight_of
from pipeline.foundation.paging.by_cursor import EVERYTHING
from pipeline.workspaces.models import User, membership_of

Place = tuple[int, int]  # what a list is ordered by; unique in it
LOOK = 2000  # rows that are looked at together
REASONS_FROM = 5000  # failures that the summary of reasons looks at
REASONS_SHOWN = 5


NO_CHANGE = "No change needed."


class Which(models.TextChoices):
    DONE = "done"  # changed, or unchanged
    FAILED = "failed"
    UNTOUCHED = "untouched"


class Part(models.TextChoices):
    """The done, told apart as the review does."""

    CHANGED = "changed"
    UNCHANGED = "unchanged"


def list_named(name: str) -> Which | Part | None:
    if name in Which:
        return Which(name)
    return Part(name) if name in Part else None


def first_list(action: BulkAction) -> Which | Part:
    """The one that a reader wants first: who was changed, unless nobody was."""
    if action.changed or action.is_active:
        return Part.CHANGED
    if action.failed:
        return Which.FAILED
    return Part.UNCHANGED if action.unchanged else Which.UNTOUCHED


RESULTS = {
    Part.CHANGED: [Result.CHANGED],
    Part.UNCHANGED: [Result.UNCHANGED],
    Which.FAILED: [Result.FAILED],
    Which.DONE: [Result.CHANGED, Result.UNCHANGED],
}
TOLD_WHY = (Part.UNCHANGED, Which.FAILED)


@dataclass(frozen=True)
class Row:
    """One candidate of a list. `candidate` is None for one that was deleted since."""

    place: Place
    candidate_id: int
    candidate: Candidate | None
    result: Result | None
    reason: str
    before: str
    at: datetime | None

    @property
    def is_changed(self) -> bool:
        return self.result == Result.CHANGED

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
    which: Which | Part
    user: User
    text: str = ""  # looked for in names, e-mail and phone

    def page(self, after: str = "", size: int = 50) -> Page:
        """The `size` rows that follow the place `after`; from the start when that is no place."""
        found = self._find(place_in(after), size + 1)
        rows = self._with_candidates(found[:size])
        is_last = len(found) <= size
        return Page(rows, "" if is_last else "-".join(map(str, rows[-1].place)))

    def __iter__(self) -> Iterator[Row]:
        """Every row, some at a time: memory stays flat, and no transaction stays open."""
        place = (0, 0)
        while near := self._fetch(place, LOOK):
            place = near[-1][:2]
            yield from self._with_candidates(self._wanted(near))

    def reasons(self) -> list[tuple[str, int]]:
        """The most frequent reasons among the first REASONS_FROM rows, with their counts."""
        near = replace(self, text="")._wanted(self._fetch((0, 0), REASONS_FROM))
        counts: Counter[str] = Counter()
        for (reason, facts), number in Counter((row[3], row[4]) for row in near).items():
            counts[self._sentence(reason, facts) or NO_CHANGE] += number
        return counts.most_common(REASONS_SHOWN)

    def _sentence(self, reason: str, facts: str | None) -> str:
        """In the time zone of the user's workspace: a download is made outside of any request."""
        if not reason:
            return ""
        sentence = sentence_of(reason, json.loads(facts or "null"), self.action.workspace.tz)
        return sight_of(self.user).clean(sentence)

    def _find(self, after: Place, limit: int) -> list[Any]:
        """The first `limit` wanted rows.

        First the next LOOK rows are tried: a page of them is mostly there. Only when too few of
        those are wanted, all that match are found first, which for a common word takes seconds.
        """
        if self._matching is None:
            return self._fetch(after, limit)
        near = self._fetch(after, LOOK)
        wanted = self._wanted(near)
        if len(wanted) >= limit or len(near) < LOOK:
            return wanted[:limit]
        return self._fetch(after, limit, self._matching)

    @property
    def _matching(self) -> CandidateQuerySet | None:
        """The candidates that the user may see and looks for; None where all are."""
        membership = membership_of(self.user)
        query = tsquery(self.text)
        if membership and not membership.is_limited and not query:
            return None
        candidates = Candidate.objects.visible_to(self.user)
        if query:
            found = CandidateSearch.objects.filter(document=Words(query))
            candidates = candidates.filter(pk__in=found.values("pk")[:EVERYTHING])
        return candidates

    def _wanted(self, rows: list[Any]) -> list[Any]:
        if self._matching is None:
            return rows
        candidates = Candidate.objects.visible_to(self.user).filter(pk__in=[row[1] for row in rows])
        if query := tsquery(self.text):
            candidates = candidates.filter(search__document=Words(query))
        wanted = set(candidates.values_list("pk", flat=True))
        return [row for row in rows if row[1] in wanted]

    def _fetch(
        self, after: Place, limit: int, matching: CandidateQuerySet | None = None
    ) -> list[Any]:
        narrowing, params = "", ()
        if matching is not None:
            try:
                all_ids = matching.order_by().values("pk")[:EVERYTHING]
                ids, params = all_ids.query.sql_with_params()
            except EmptyResultSet:
                return []
            narrowing = f"AND candidate_id IN ({ids})"
        if self.action.is_discarded and self.which in RESULTS:
            return []
        sql = OUTCOMES if self.which in RESULTS else UNTOUCHED
        if self.action.is_discarded:
            sql = FROZEN
        begin = RESULTS.get(self.which) or after[0]
        with connection.cursor() as cursor:
            cursor.execute(
                sql.format(narrowing=narrowing), [self.action.pk, begin, *after, *params, limit]
            )
            rows: list[Any] = cursor.fetchall()
        return rows

    def _with_candidates(self, found: list[Any]) -> list[Row]:
        ids = [candidate_id for _, candidate_id, *_ in found]
        clean = sight_of(self.user).clean
        candidates = whole_candidates(self.user).in_bulk(ids)
        befores = describe(self.action, [json.loads(before or "{}") for *_, before, _ in found])
        return [
            Row(
                place=(place, pk),
                candidate_id=pk,
                candidate=candidates.get(pk),
                result=Result(result) if result else None,
                reason=self._sentence(reason, facts),
                before=clean(before),
                at=at,
            )
            for (place, pk, result, reason, facts, _, at), before in zip(
                found, befores, strict=True
            )
        ]


def whole_candidates(user: User) -> CandidateQuerySet:
    return (
        Candidate.objects.visible_to(user).select_related("opening", "folder").defer("attributes")
    )


def describe(action: BulkAction, befores: list[dict[str, Any]]) -> list[str]:
    """What was there before, readable; nothing where the operation itself is gone."""
    return operation_of(action).describe_before(befores)


def place_in(text: str) -> Place:
    """The place that a page's `next` names; before the first row when it names none."""
    match = re.fullmatch(r"(\d{1,9})-(\d{1,18})", text, re.ASCII)
    return (int(match[1]), int(match[2])) if match else (0, 0)


# Changed before unchanged, because so the index `outcome_lists` is walked in its own order.
OUTCOMES = """
SELECT result, candidate_id, result, reason, facts, before, at
FROM bulk_actions_outcome
WHERE action_id = %s AND result = ANY(%s) AND (result, candidate_id) > (%s, %s) {narrowing}
ORDER BY result, candidate_id LIMIT %s
"""

# Everybody, of an action that discarded what it had done.
FROZEN = """
SELECT number, candidate_id, NULL, '', NULL, NULL, NULL
FROM bulk_actions_chunk AS chunk, unnest(chunk.candidate_ids) AS candidate_id
WHERE action_id = %s AND number >= %s AND (number, candidate_id) > (%s, %s) {narrowing}
ORDER BY number, candidate_id LIMIT %s
"""

# Without those that have an outcome: nobody may be in two lists, whatever became of the chunk.
UNTOUCHED = """
SELECT number, candidate_id, NULL, '', NULL, NULL, NULL
FROM bulk_actions_chunk AS chunk, unnest(chunk.candidate_ids) AS candidate_id
WHERE action_id = %s AND NOT is_done AND number >= %s AND (number, candidate_id) > (%s, %s)
  AND NOT EXISTS (
    SELECT FROM bulk_actions_outcome AS outcome
    WHERE outcome.candidate_id = candidate_id.candidate_id AND outcome.action_id = chunk.action_id
  ) {narrowing}
ORDER BY number, candidate_id LIMIT %s
"""
