"""Candidates: find them, lock them, change them."""

from collections.abc import Iterable, Mapping


def locking(workspace: str, ids: str) -> str:
    """A statement that locks these candidates of the workspace, in the order of their ids."""
    return LOCKING.format(workspace=workspace, ids=ids)


def picked(workspace: str, ids: str) -> str:
    """`picked (id, opening_id, folder_id, recruiter_id)`: the same as part of a statement."""
    return PICKED.format(workspace=workspace, ids=ids)


def seen(columns: Iterable[str]) -> str:
    """`seen`: the picked candidates with more of their `columns`.

    They are locked once more: `picked` may have waited for another action, and without this the
    columns would be as they were before the wait.
    """
    return SEEN.format(columns=", ".join(f"candidate.{column}" for column in columns))


def updating(columns: Mapping[str, str], source: str, where: str = "true") -> str:
    """`updated`: sets `columns` of the candidates whose `id` is in `source`, to SQL over it."""
    return UPDATING.format(
        sets=", ".join(f"{column} = {value}" for column, value in columns.items()),
        source=source,
        where=where,
    )


def has_email(opening: str, email: str) -> str:
    """Whether somebody in the opening has this e-mail, which is not empty."""
    return HAS_EMAIL.format(opening=opening, email=email)


def among_openings(candidate: str, openings: str) -> str:
    """Whether the candidate is in one of the openings."""
    return AMONG_OPENINGS.format(candidate=candidate, openings=openings)


def kept(workspace: str, ids: str) -> str:
    """`(id)`: those of the candidates that are there, kept from being deleted meanwhile, in the
    order in which others lock them."""
    return KEPT.format(workspace=workspace, ids=ids)


LOCKING = """
SELECT count(*) FROM (
    SELECT FROM candidates_candidate
    WHERE workspace_id = {workspace} AND id = ANY({ids}) ORDER BY id FOR UPDATE
) AS locked
"""
PICKED = """
picked AS (
    SELECT id, opening_id, folder_id, recruiter_id FROM candidates_candidate
    WHERE workspace_id = {workspace} AND id = ANY({ids})
    ORDER BY id FOR UPDATE
)
"""
SEEN = """
seen AS (
    SELECT picked.*, {columns} FROM picked JOIN candidates_candidate AS candidate USING (id)
    FOR UPDATE OF candidate
)
"""
UPDATING = """
updated AS (
    UPDATE candidates_candidate AS candidate SET {sets}
    FROM {source} WHERE candidate.id = {source}.id AND {where}
)
"""
HAS_EMAIL = """
EXISTS (
    SELECT FROM candidates_candidate AS other
    WHERE other.opening_id = {opening} AND other.email = {email}
      AND other.email <> '' -- what the index says of itself
)
"""
# To be joined: where each candidate is.
PLACES = "(SELECT id, opening_id, folder_id FROM candidates_candidate)"
AMONG_OPENINGS = """
EXISTS (
    SELECT FROM candidates_candidate AS candidate
    WHERE candidate.id = {candidate} AND candidate.opening_id = ANY({openings})
)
"""
KEPT = """
SELECT id FROM candidates_candidate
WHERE workspace_id = {workspace} AND id = ANY({ids}) ORDER BY id FOR KEY SHARE
"""
# A statement that locks candidates to change them. Their ids come as one text: to quote a thousand
# takes longer than to lock them.
LOCKING_LISTED = """
SELECT count(*) FROM (
    SELECT FROM candidates_candidate WHERE id = ANY(string_to_array(%s, ',')::bigint[])
    ORDER BY id FOR NO KEY UPDATE
) AS held
"""
# A statement: for each id its folder, recruiter and attributes, in four arrays.
CHANGING_EACH = """
UPDATE candidates_candidate AS candidate
SET folder_id = wanted.folder, recruiter_id = wanted.recruiter, attributes = wanted.attributes
FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::jsonb[])
    AS wanted (id, folder, recruiter, attributes)
WHERE candidate.id = wanted.id
"""
