"""Candidates with all that a row of a file says of them."""

from pipeline.workspaces.sql import NAMED_MEMBERS


def profiles(what: str, where: str, order: str) -> str:
    """A statement: `what`, SQL over `candidate`, `opening`, `folder` and `recruiter` (its name)."""
    return PROFILES.format(what=what, where=where, order=order, members=NAMED_MEMBERS)


PROFILES = """
SELECT {what}
FROM candidates_candidate AS candidate
JOIN candidates_opening AS opening ON opening.id = candidate.opening_id
JOIN candidates_folder AS folder ON folder.id = candidate.folder_id
LEFT JOIN {members} AS recruiter ON recruiter.id = candidate.recruiter_id
WHERE {where}
ORDER BY {order}
"""
LABEL_NAMES = """
(SELECT string_agg(label.name, ', ' ORDER BY label.name)
 FROM candidates_candidatelabel AS held
 JOIN candidates_label AS label ON label.id = held.label_id
 WHERE held.candidate_id = candidate.id)
"""
