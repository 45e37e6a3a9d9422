"""Operations that first judge every candidate, and then change those that they find fit.

Their preview is the same judgement over the whole selection, so it can say nothing else.
"""

import json
from abc import abstractmethod
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from django.core.exceptions import EmptyResultSet
from django.db import connection

from pipeline.bulk_actions.models import Result
from pipeline.bulk_actions.reasons import LEFT_OUT, Code, Facts, sentence_of
from pipeline.bulk_actions.writing.values import VALUES
from pipeline.candidates.models import CandidateQuerySet
from pipeline.candidates.sql import people
from pipeline.tasks.bulk_sql import with_names

from .base import Operation, Preview, Skip

PICKED = ("id", "opening_id", "folder_id", "recruiter_id")
MOST_REASONS = 8  # told apart in a preview
OUTCOME = """
outcome AS (SELECT id AS candidate_id, result, reason, facts, before FROM judged)
"""


@dataclass(frozen=True)
class JudgedChange:
    """SQL in two steps, each a list of common table expressions, and the parameters of both.

    `judging` reads `seen`, which is `picked` with `columns` more of candidates_candidate. It
    changes nothing and ends in `judged (id, result, reason, facts, before, …)`: what
    Operation.apply writes as outcomes. `changing` then changes those with the result CHANGED.
    `outcome`, where it is not what was judged alone, also says what the change has made.
    """

    judging: str
    changing: str
    params: dict[str, Any]
    columns: tuple[str, ...] = ()
    outcome: str = OUTCOME


class JudgingOperation(Operation):
    already: ClassVar[str] = "No change needed."  # of the unchanged, in the preview

    @abstractmethod
    def change(self) -> JudgedChange: ...

    def apply(self) -> tuple[str, dict[str, Any]]:
        change = self.change()
        parts = [seen(change.columns), change.judging, change.changing, change.outcome]
        return ", ".join(part for part in parts if part), change.params

    def preview(self, candidates: CandidateQuerySet) -> Preview:
        counts = judge(self.change(), candidates)
        skips: Counter[tuple[str, bool]] = Counter()
        for result, reason, facts, number in counts:
            if result != Result.CHANGED:
                skips[self.words_for(result, reason, facts)] += number
        found = [Skip(number, words, is_left) for (words, is_left), number in skips.most_common()]
        if rest := found[MOST_REASONS:]:
            found[MOST_REASONS:] = [Skip(sum(skip.count for skip in rest), "Other reasons.")]
        return Preview(sum(number for *_, number in counts), found)

    def words_for(self, result: int, reason: str, facts: Any) -> tuple[str, bool]:
        """What a preview says of those with this reason, and whether they are left out."""
        if reason.startswith(LEFT_OUT):
            return sentence_of(reason), True
        is_unchanged = result == Result.UNCHANGED
        return self.already if is_unchanged else sentence_of(reason, facts), False


def seen(columns: tuple[str, ...]) -> str:
    """`seen`: the picked candidates with more of their columns."""
    return people.seen(columns) if columns else "seen AS (SELECT * FROM picked)"


def changing(columns: Mapping[str, str]) -> str:
    """A JudgedChange's `changing` that sets columns of the candidates, to SQL over `judged`."""
    return people.updating(columns, "judged", "judged.result = %(CHANGED)s")


def by_code(facts: Mapping[Code, Facts]) -> str:
    """The facts of each reason, as a parameter: `%(facts)s::jsonb -> reason` are those of one."""
    return json.dumps(facts)


def judge(change: JudgedChange, candidates: CandidateQuerySet) -> list[tuple[int, str, Any, int]]:
    """How many of `candidates` would have which result, for which reason with which facts."""
    columns = (*PICKED, *change.columns)
    try:
        sql, values = candidates.order_by().values_list(*columns).query.sql_with_params()
    except EmptyResultSet:
        return []
    selection, named = with_names("picked", sql, values)
    with connection.cursor() as cursor:
        cursor.execute(
            PREVIEW.format(selection=selection, columns=", ".join(columns), judging=change.judging),
            VALUES | change.params | named,
        )
        rows = cursor.fetchall()
    return [
        (result, reason, json.loads(facts) if facts else None, number)
        for result, reason, facts, number in rows
    ]


PREVIEW = """
WITH picked ({columns}) AS (
    {selection}
), seen AS (
    SELECT * FROM picked
), {judging}
SELECT result, reason, facts, count(*) FROM judged GROUP BY result, reason, facts
ORDER BY result, reason, facts
"""
