"""Writes a change with its outcomes and the action's counters: together or not at all."""

import json
from collections.abc import Sequence
from typing import Any

from django.db import connection

from pipeline.bulk_actions.models import BulkAction, Chunk
from pipeline.bulk_actions.reasons import AnyReason, as_text
from pipeline.candidates.sql import people

from .left_out import LEFT_OUT_OF_PICKED
from .values import VALUES

SqlChange = tuple[str, dict[str, Any]]  # as Operation.apply returns it


def lock_candidates(action: BulkAction, chunk: Chunk) -> None:
    """Lock the chunk's candidates before the statement that changes them is begun.

    So it sees all that others did while this waited; by itself it sees that of the candidates
    alone, and their labels as they were before the wait.
    """
    ours = {"engine_workspace": action.workspace_id, "engine_chunk": chunk.pk}
    with connection.cursor() as cursor:
        cursor.execute(people.locking("%(engine_workspace)s", CANDIDATES_OF_CHUNK), ours)


def write(action: BulkAction, chunk: Chunk, change: SqlChange) -> None:
    """Change the chunk's candidates, with their outcomes, its mark and the action's counters."""
    execute(action, CANDIDATES_OF_CHUNK, change, {"engine_chunk": chunk.pk})


def write_one(action: BulkAction, candidate_id: int, change: SqlChange) -> bool:
    """The same for one candidate, of a chunk whose others have their own turn. True if changed."""
    ours = {"engine_chunk": None, "engine_candidate": candidate_id}
    return execute(action, ONE_CANDIDATE, change, ours) == 1


def execute(action: BulkAction, ids: str, change: SqlChange, ours: dict[str, Any]) -> int:
    """Returns how many candidates were changed."""
    sql, params = change
    ours |= {"engine_action": action.pk, "engine_workspace": action.workspace_id}
    with connection.cursor() as cursor:
        cursor.execute(
            WRITE.format(picked=people.picked("%(engine_workspace)s", ids), change=sql, ids=ids),
            VALUES | params | ours,
        )
        (changed,) = cursor.fetchone()
    return int(changed)


def failure(reason: AnyReason | str, left_out: Sequence[str] = ()) -> SqlChange:
    """The change that leaves a candidate as it is, and says why: `reason`, or being left out.

    A reason that is no code yet is somebody else's words.
    """
    if isinstance(reason, str):
        reason = as_text(reason)
    facts = json.dumps(dict(reason.facts)) if reason.facts else None
    params = {"reason": reason.code, "facts": facts, "left_out": list(left_out)}
    return f"{LEFT_OUT_OF_PICKED}, {FAILURE}", params


def unexpected(action: BulkAction, candidate_id: int) -> str:
    """The reason for a candidate that nothing can be done with, and nobody knows why."""
    return f"Unexpected error. Tell support: bulk action {action.pk}, candidate {candidate_id}."


CANDIDATES_OF_CHUNK = """
(SELECT candidate_ids FROM bulk_actions_chunk WHERE id = %(engine_chunk)s)::bigint[]
"""
ONE_CANDIDATE = "ARRAY[%(engine_candidate)s]::bigint[]"

# One statement, as each round trip would cost as much as twenty candidates. They are locked in the
# order of their ids, so that two actions over the same ones can't deadlock; the action's row comes
# last, as all lanes share it.
WRITE = """
WITH {picked}, {change}, written AS (
    INSERT INTO bulk_actions_outcome (action_id, candidate_id, result, reason, facts, before)
    SELECT %(engine_action)s, candidate_id, result, reason, facts, before FROM outcome
    UNION ALL
    SELECT %(engine_action)s, gone, %(FAILED)s, %(DELETED)s, NULL, '{{}}'
    FROM unnest({ids}) AS gone WHERE NOT EXISTS (SELECT FROM picked WHERE picked.id = gone)
    RETURNING result
), counts AS (
    SELECT count(*) FILTER (WHERE result = %(CHANGED)s) AS changed,
           count(*) FILTER (WHERE result = %(UNCHANGED)s) AS unchanged,
           count(*) FILTER (WHERE result = %(FAILED)s) AS failed
    FROM written
), marked AS (
    UPDATE bulk_actions_chunk SET is_done = true WHERE id = %(engine_chunk)s
)
UPDATE bulk_actions_bulkaction AS action SET
    changed = action.changed + counts.changed,
    unchanged = action.unchanged + counts.unchanged,
    failed = action.failed + counts.failed,
    version = action.version + 1,
    progressed_at = clock_timestamp(),
    stalls = 0,
    failure = ''
FROM counts WHERE action.id = %(engine_action)s
RETURNING counts.changed
"""

FAILURE = """
outcome AS (
    SELECT picked.id AS candidate_id,
           CASE WHEN why IS NULL THEN %(FAILED)s ELSE %(UNCHANGED)s END AS result,
           coalesce(why, %(reason)s) AS reason,
           CASE WHEN why IS NULL THEN %(facts)s::jsonb END AS facts,
           '{}'::jsonb AS before
    FROM picked LEFT JOIN left_out ON left_out.id = picked.id
)
"""
