"""How candidates are reached."""


def reach(candidate: str) -> str:
    """A query for (id, opening_id, email, phone) of one candidate; no row for one who is gone."""
    return REACH.format(candidate=candidate)


REACH = """
SELECT id, opening_id, email, phone FROM candidates_candidate WHERE id = {candidate}
"""
