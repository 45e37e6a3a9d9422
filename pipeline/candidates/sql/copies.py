"""Further applications of the same people: copies in another opening.

Two applications are the same person's when one was copied from the other, or both from a third.
"""


def has_copy(opening: str, pk: str, origin: str) -> str:
    """Whether the person of application `pk` has one in the opening. `origin` is the one that it
    was copied from, or else itself."""
    return HAS_COPY.format(opening=opening, pk=pk, origin=origin)


def copying(opening: str, folder: str, source: str, where: str) -> str:
    """`copied (id, copied_from_id)`, `labelled`: copies of the candidates of `source`, with their
    labels, in the opening's `folder`."""
    return COPYING.format(opening=opening, folder=folder, source=source, where=where)


HAS_COPY = """
EXISTS (
    SELECT FROM candidates_candidate AS other
    WHERE other.copied_from_id IN ({pk}, {origin})
      AND other.copied_from_id IS NOT NULL -- what the index says of itself
      AND other.opening_id + 0 = {opening} -- or all of the opening is read for each
) OR EXISTS (
    SELECT FROM candidates_candidate AS other
    WHERE other.opening_id = {opening} AND other.id = {origin}
)
"""
COPYING = """
copied AS (
    INSERT INTO candidates_candidate (
        workspace_id, opening_id, folder_id, first_name, last_name, full_name, email, phone,
        source, attributes, copied_from_id
    )
    SELECT workspace_id, {opening}, {folder}, first_name, last_name, full_name,
           original.email, phone, source, attributes, original.id
    FROM {source} JOIN candidates_candidate AS original USING (id)
    WHERE {where} ORDER BY id
    RETURNING id, copied_from_id
), labelled AS (
    INSERT INTO candidates_candidatelabel (label_id, candidate_id)
    SELECT held.label_id, copied.id
    FROM copied JOIN candidates_candidatelabel AS held ON held.candidate_id = copied.copied_from_id
)
"""
