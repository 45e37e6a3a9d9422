"""Where candidates came from: the choices of one filter, without looking at every candidate."""

from django.db import connection

from pipeline.workspaces.models import User, membership_of

MOST = 200  # more would be no choice
NEWEST = 5_000  # how many candidates tell a limited member's sources


def sources_for(user: User) -> list[str]:
    """The sources that `user` may know of, in order of the alphabet."""
    membership = membership_of(user)
    if membership is None:
        return []
    sql = LIMITED if membership.is_limited else ALL
    parameters = {
        "workspace": membership.workspace_id,
        "member": membership.pk,
        "most": MOST,
        "newest": NEWEST,
    }
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return sorted((source for (source,) in cursor.fetchall()), key=str.casefold)


# From each source the index is asked for the one after it; DISTINCT would read a million rows.
ALL = """
WITH RECURSIVE sources AS (
    (SELECT source FROM candidates_candidate
     WHERE workspace_id = %(workspace)s AND source > '' ORDER BY source LIMIT 1)
    UNION ALL
    SELECT (SELECT source FROM candidates_candidate
            WHERE workspace_id = %(workspace)s AND source > sources.source
            ORDER BY source LIMIT 1)
    FROM sources WHERE sources.source IS NOT NULL
)
SELECT source FROM sources WHERE source IS NOT NULL LIMIT %(most)s
"""
# No index has an opening's sources, so those of its newest candidates must do.
LIMITED = """
SELECT DISTINCT newest.source
FROM candidates_opening_members AS given, LATERAL (
    SELECT source FROM candidates_candidate WHERE opening_id = given.opening_id
    ORDER BY id DESC LIMIT %(newest)s
) AS newest
WHERE given.membership_id = %(member)s AND newest.source > '' LIMIT %(most)s
"""
