"""How candidates that an action put into a folder get back to where they were."""

from typing import Any

from pipeline.candidates.models import Folder
from pipeline.candidates.sql import people, places
from pipeline.workspaces import sql as workspaces

from .base import Revert


def moving_back(
    *, folder: int | None = None, recruiter: int | None = None, reasons: list[str] | None = None
) -> Revert:
    """The way back from `folder`, or from the one that each `before` names as `to_folder`.

    `recruiter` and `reasons` are what the action wrote where `before` has something of the kind.
    """
    return Revert(
        judging=JUDGING,
        changing=CHANGING,
        params={"left_in": folder, "left_to": recruiter, "left_reasons": reasons or []},
        columns=("email", "reject_reasons"),
    )


def folder_names(befores: list[dict[str, Any]]) -> list[str]:
    """For each `before`, the folder; with its opening, where that was another one."""
    wanted = {before["folder"] for before in befores if "folder" in before}
    folders = Folder.objects.select_related("opening").in_bulk(wanted)
    return [_name(folders.get(before.get("folder")), before) for before in befores]


def _name(folder: Folder | None, before: dict[str, Any]) -> str:
    if folder is None:
        return ""
    return f"{folder.name}, {folder.opening.name}" if "opening" in before else folder.name


JUDGING = f"""
homes AS (
    {places.folders_among("SELECT (was->>'folder')::bigint FROM touched")}
), owners AS (
    {workspaces.members_among("SELECT (was->>'recruiter')::bigint FROM touched")}
), compared AS (
    SELECT touched.*,
           CASE WHEN folder_id <> coalesce(
                    (was->>'to_folder')::bigint, %(left_in)s::bigint) THEN 'folder'
                WHEN was ? 'recruiter'
                 AND recruiter_id IS DISTINCT FROM %(left_to)s::bigint THEN 'recruiter'
                WHEN was ? 'reject_reasons' AND NOT (
                    reject_reasons @> %(left_reasons)s::varchar[]
                    AND reject_reasons <@ %(left_reasons)s::varchar[]) THEN 'reject_reasons'
                END AS changed
    FROM touched
), ruled AS (
    SELECT compared.*, homes.id AS home, homes.opening_id AS home_opening, owners.id AS old_owner,
           CASE WHEN changed = 'folder' THEN %(MOVED_ON)s
                WHEN changed = 'recruiter' THEN %(REASSIGNED)s
                WHEN changed = 'reject_reasons' THEN %(REJECTED_OTHERWISE)s
                WHEN homes.id IS NULL THEN %(OLD_FOLDER_GONE)s
                WHEN homes.opening_id <> ALL(%(reach)s::bigint[]) THEN %(OLD_OPENING_HIDDEN)s
                WHEN was->>'recruiter' IS NOT NULL AND owners.id IS NULL
                THEN %(OLD_RECRUITER_GONE)s
                WHEN email <> '' AND homes.opening_id <> compared.opening_id
                 AND {people.has_email("homes.opening_id", "compared.email")}
                THEN %(EMAIL_TAKEN)s ELSE '' END AS reason
    FROM compared
    LEFT JOIN homes ON homes.id = (was->>'folder')::bigint
    LEFT JOIN owners ON owners.id = (was->>'recruiter')::bigint
    OFFSET 0  -- judged once for a candidate
), found AS (
    SELECT id, changed, home, home_opening, reason,
           CASE WHEN was ? 'recruiter' THEN old_owner ELSE recruiter_id END AS owner,
           CASE WHEN was ? 'reject_reasons'
                THEN ARRAY(SELECT jsonb_array_elements_text(was->'reject_reasons'))
                ELSE reject_reasons END AS old_reasons,
           CASE reason
                WHEN %(MOVED_ON)s
                THEN jsonb_build_object('folder', {places.folder_name("folder_id")})
                WHEN %(EMAIL_TAKEN)s
                THEN jsonb_build_object('opening', {places.opening_name("home_opening")})
                END AS facts,
           jsonb_build_object('folder', folder_id)
           || CASE WHEN home_opening <> opening_id
                   THEN jsonb_build_object('opening', opening_id) ELSE '{{}}' END
           || CASE WHEN was ? 'recruiter'
                   THEN jsonb_build_object('recruiter', recruiter_id) ELSE '{{}}' END
           || CASE WHEN was ? 'reject_reasons'
                   THEN jsonb_build_object('reject_reasons', reject_reasons) ELSE '{{}}' END
           AS before
    FROM ruled
)
"""  # noqa: S608
CHANGING = people.updating(
    {
        "folder_id": "fit.home",
        "opening_id": "fit.home_opening",
        "recruiter_id": "fit.owner",
        "reject_reasons": "fit.old_reasons",
    },
    "fit",
)
