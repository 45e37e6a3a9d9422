"""Parts of statements over this room's tables, for the rooms above: people and their names."""

# As User.__str__ has it.
NAME = "coalesce(nullif(trim(person.first_name || ' ' || person.last_name), ''), person.email)"

# To be joined: `(id, name)` of each user, and of each member.
NAMED_USERS = f"(SELECT person.id, {NAME} AS name FROM workspaces_user AS person)"  # noqa: S608
NAMED_MEMBERS = f"""
(SELECT member.id, {NAME} AS name FROM workspaces_membership AS member
 JOIN workspaces_user AS person ON person.id = member.user_id)
"""  # noqa: S608


def members_among(ids: str) -> str:
    """`(id, is_limited)`: the members whose ids the subquery `ids` has. The key-share lock keeps
    them from leaving meanwhile."""
    return MEMBERS.format(where=f"id IN ({ids})")


def member_with_role(pk: str, roles: str) -> str:
    """`(id, is_limited)`: the member, if it has one of the roles, locked like that."""
    return MEMBERS.format(where=f"id = {pk}::bigint AND role = ANY({roles})")


MEMBERS = """
SELECT id, is_limited FROM workspaces_membership WHERE {where} FOR KEY SHARE
"""
