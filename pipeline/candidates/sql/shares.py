"""What is shared with a reviewer."""


def sharing(source: str, where: str) -> str:
    """`share (id)`, `shared`: the one share of a bulk action, with the candidates of `source`.

    `ordered (id, workspace_id, started_by_id)` has the action. Takes the parameters `reviewer`,
    `note`, `shows`, `attributes` and `days`.
    """
    return SHARING.format(source=source, where=where)


# The first chunk makes the share. The update that changes nothing is how another one gets its id,
# also when that one waited for the first to commit: DO NOTHING would return no row.
SHARING = """
share AS (
    INSERT INTO candidates_share
        (workspace_id, reviewer, note, shown_fields, shown_attributes, created_by_id, expires_at,
         bulk_action_id)
    SELECT workspace_id, %(reviewer)s, %(note)s, %(shows)s::varchar[], %(attributes)s::text[],
           started_by_id, now() + %(days)s::int * interval '1 day', id
    FROM ordered
    ON CONFLICT (bulk_action_id) DO UPDATE SET note = excluded.note
    RETURNING id
), shared AS (
    INSERT INTO candidates_sharedcandidate (share_id, candidate_id)
    SELECT share.id, {source}.id FROM share, {source} WHERE {where}
    ON CONFLICT DO NOTHING
)
"""
