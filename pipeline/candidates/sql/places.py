"""Openings and their folders. A key-share lock keeps a folder from being deleted meanwhile."""


def folder(pk: str) -> str:
    """`(id, opening_id)`: the folder, locked; no row where it is gone."""
    return FOLDERS.format(where=f"id = {pk}")


def folders_among(pks: str) -> str:
    """`(id, opening_id)`: the folders whose ids the subquery `pks` has, locked."""
    return FOLDERS.format(where=f"id IN ({pks})")


def folders_of_kind(kind: str, openings: str) -> str:
    """`(id, opening_id)`: of the openings in the subquery, the folders of a kind, locked."""
    return FOLDERS.format(where=f"kind = {kind} AND opening_id IN ({openings})")


def first_folder(opening: str) -> str:
    """`(id, opening_id)`: where newcomers to the opening go, locked."""
    return FIRST_FOLDER.format(opening=opening)


def kind_among(folder: str, kinds: str) -> str:
    """`(kind)`: of the folder, if it is of one of the kinds; else no row."""
    return KIND_AMONG.format(folder=folder, kinds=kinds)


def folder_name(pk: str) -> str:
    return f"(SELECT name FROM candidates_folder WHERE id = {pk})"  # noqa: S608


def opening_name(pk: str) -> str:
    return f"(SELECT name FROM candidates_opening WHERE id = {pk})"  # noqa: S608


def is_given(opening: str, member: str) -> str:
    """Whether a limited member has been given the opening."""
    return IS_GIVEN.format(opening=opening, member=member)


FOLDERS = """
SELECT id, opening_id FROM candidates_folder WHERE {where} FOR KEY SHARE
"""
FIRST_FOLDER = """
SELECT id, opening_id FROM candidates_folder WHERE opening_id = {opening}
ORDER BY kind <> 'inbox', position, id LIMIT 1 FOR KEY SHARE
"""
KIND_AMONG = """
SELECT folder.kind FROM candidates_folder AS folder
WHERE folder.id = {folder} AND folder.kind = ANY({kinds}::varchar[])
"""
IS_GIVEN = """
EXISTS (
    SELECT FROM candidates_opening_members AS given
    WHERE given.membership_id = {member} AND given.opening_id = {opening}
)
"""
