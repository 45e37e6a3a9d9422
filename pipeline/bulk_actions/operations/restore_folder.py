"""How candidates that an action put into a folder get back to where they were."""

from typing import Any

from pipeline.candidates.models import Folder

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


JUDGING = """
homes AS (
    SELECT id, opening_id FROM candidates_folder
    WHERE id IN (SELECT (was->>'folder')::bigint FROM touched) FOR KEY SHARE
), owners AS (
    SELECT id FROM workspaces_membership
    WHERE id IN (SELECT (was->>'recruiter')::bigint FROM touched) FOR KEY SHARE
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
), found AS (
    SELECT compared.id, changed, homes.id AS home, homes.opening_id AS home_opening,
           CASE WHEN was ? 'recruiter' THEN owners.id ELSE recruiter_id END AS owner,
           CASE WHEN was ? 'reject_reasons'
                THEN ARRAY(SELECT jsonb_array_elements_text(was->'reject_reasons'))
                ELSE reject_reasons END AS old_reasons,
           CASE changed
                WHEN 'folder' THEN 'Moved on to ' || (
                    SELECT name FROM candidates_folder WHERE id = folder_id)
                WHEN 'recruiter' THEN 'Assigned anew'
                WHEN 'reject_reasons' THEN 'Rejected for other reasons'
                END AS since,
           CASE WHEN homes.id IS NULL THEN 'The folder that it was in no longer exists.'
                WHEN homes.opening_id <> ALL(%(reach)s::bigint[])
                THEN 'The candidate was in an opening that the person who undid this can''t see.'
                WHEN was->>'recruiter' IS NOT NULL AND owners.id IS NULL
                THEN 'The recruiter that it had is no longer in the workspace.'
                WHEN email <> '' AND homes.opening_id <> compared.opening_id AND EXISTS (
                    SELECT FROM candidates_candidate AS other
                    WHERE other.opening_id = homes.opening_id AND other.email = compared.email
                      AND other.email <> '') -- what the index says of itself
                THEN 'Meanwhile somebody with the same e-mail is in '
                     || (SELECT name FROM candidates_opening WHERE id = homes.opening_id) || '.'
                ELSE '' END AS reason,
           jsonb_build_object('folder', folder_id)
           || CASE WHEN homes.opening_id <> compared.opening_id
                   THEN jsonb_build_object('opening', compared.opening_id) ELSE '{}' END
           || CASE WHEN was ? 'recruiter'
                   THEN jsonb_build_object('recruiter', recruiter_id) ELSE '{}' END
           || CASE WHEN was ? 'reject_reasons'
                   THEN jsonb_build_object('reject_reasons', reject_reasons) ELSE '{}' END
           AS before
    FROM compared
    LEFT JOIN homes ON homes.id = (was->>'folder')::bigint
    LEFT JOIN owners ON owners.id = (was->>'recruiter')::bigint
)
"""

CHANGING = """
restored AS (
    UPDATE candidates_candidate AS candidate
    SET folder_id = fit.home, opening_id = fit.home_opening, recruiter_id = fit.owner,
        reject_reasons = fit.old_reasons
    FROM fit WHERE candidate.id = fit.id
)
"""
