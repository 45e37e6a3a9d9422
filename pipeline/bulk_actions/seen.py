"""A bulk action as a member sees it who sees only some of the openings that it concerns.

It is a copy, to be shown and never saved: its sentences say "another opening", and its numbers are
those of the candidates that the member sees. Where there are too many to count them at once, no
numbers are shown. Whoever sees all its openings gets the action itself.
"""

import copy
from collections.abc import Iterable

from django.db import connection

from pipeline.candidates.sight import Sight
from pipeline.candidates.sql.people import PLACES

from .models import BulkAction, Result

COUNTED = 20_000  # candidates that are looked at for the numbers of a list of actions
COUNTED_FOR_ONE = 200_000


def seen_by(sight: Sight, action: BulkAction) -> BulkAction:
    """One action, on a page of its own."""
    [seen] = all_seen_by(sight, [action], most=COUNTED_FOR_ONE)
    return seen


def all_seen_by(
    sight: Sight, actions: Iterable[BulkAction], most: int = COUNTED
) -> list[BulkAction]:
    """In the same order. One query for the numbers, and for as many as come to `most`."""
    shown = [partly(sight, action) for action in actions]
    counted: dict[int, BulkAction] = {}
    for action in shown:
        if action.whole and action.whole.total <= most:
            most -= action.whole.total
            counted[action.pk] = action
    if counted:
        assert sight.openings is not None
        with connection.cursor() as cursor:
            cursor.execute(COUNTS, [*Result.values, list(counted), list(sight.openings)])
            found = {pk: numbers for pk, *numbers in cursor.fetchall()}
        for pk, action in counted.items():
            write_counts(action, *found.get(pk, (0, 0, 0, 0)))
    return shown


def partly(sight: Sight, action: BulkAction) -> BulkAction:
    """Without any number so far; the action itself where all of it is seen."""
    if sight.sees_all(action.opening_ids):
        return action
    seen = copy.copy(action)
    seen.whole, seen.hides_counts = action, True
    seen.title, seen.failure = sight.clean(action.title), sight.clean(action.failure)
    return seen


def for_whoever_sees_a_part(action: BulkAction) -> BulkAction:
    """With nothing that not all of them may read: for what is pushed to them together."""
    seen = copy.copy(action)
    seen.whole, seen.hides_counts = action, True
    seen.title, seen.failure = "Bulk action", ""
    return seen


def write_counts(action: BulkAction, total: int, changed: int, unchanged: int, failed: int) -> None:
    action.hides_counts = False
    action.total = total
    if not action.is_discarded:
        action.changed, action.unchanged, action.failed = changed, unchanged, failed


# As the lists of the review have them: the candidates that are in those openings now.
COUNTS = f"""
SELECT chunk.action_id, count(*), count(*) FILTER (WHERE outcome.result = %s),
    count(*) FILTER (WHERE outcome.result = %s), count(*) FILTER (WHERE outcome.result = %s)
FROM bulk_actions_chunk AS chunk CROSS JOIN LATERAL unnest(chunk.candidate_ids) AS frozen (id)
JOIN {PLACES} AS candidate ON candidate.id = frozen.id
LEFT JOIN bulk_actions_outcome AS outcome
    ON outcome.candidate_id = frozen.id AND outcome.action_id = chunk.action_id
WHERE chunk.action_id = ANY(%s) AND candidate.opening_id = ANY(%s)
GROUP BY chunk.action_id
"""  # noqa: S608
