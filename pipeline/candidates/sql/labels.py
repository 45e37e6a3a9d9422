"""Labels, and who has them."""


def labels(ids: str) -> str:
    """`(id)`: those of the labels that are there, kept from being deleted meanwhile."""
    return LABELS.format(ids=ids)


def held_by_each(people: str, among: str) -> str:
    """`(id, labels)`: of each of `people`, which of the labels `among` it has, in order."""
    return HELD_BY_EACH.format(people=people, among=among)


def held(candidate: str, among: str) -> str:
    """`(label_id)`: which of the labels `among` one candidate has, in order."""
    return HELD.format(candidate=candidate, among=among)


def giving(label: str, candidate: str, source: str) -> str:
    """A statement: give labels to candidates, both SQL over `source`, a FROM clause."""
    return GIVING.format(label=label, candidate=candidate, source=source)


def taking(source: str, where: str) -> str:
    """A statement: take away what candidates hold, `held`, as `source` and `where` say."""
    return TAKING.format(source=source, where=where)


LABELS = """
SELECT id FROM candidates_label WHERE id = ANY({ids}) ORDER BY id FOR KEY SHARE
"""
HELD_BY_EACH = """
SELECT {people}.id,
       coalesce(array_agg(held.label_id ORDER BY held.label_id)
                FILTER (WHERE held.label_id IS NOT NULL), '{{}}') AS labels
FROM {people} LEFT JOIN candidates_candidatelabel AS held
  ON held.candidate_id = {people}.id AND held.label_id = ANY({among})
GROUP BY {people}.id
"""
HELD = """
SELECT held.label_id FROM candidates_candidatelabel AS held
WHERE held.candidate_id = {candidate} AND held.label_id = ANY({among})
ORDER BY held.label_id
"""
GIVING = """
INSERT INTO candidates_candidatelabel (label_id, candidate_id)
SELECT {label}, {candidate} FROM {source} ON CONFLICT DO NOTHING
"""
TAKING = """
DELETE FROM candidates_candidatelabel AS held USING {source} WHERE {where}
"""
