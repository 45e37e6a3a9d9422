from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from django import forms
from django.db.models import Count, Q

from pipeline.bulk_actions.writing.left_out import (
    LEFT_OUT_OF_PICKED,
    LEFT_OUT_OF_SEEN,
    IncludeField,
    decided,
    kinds_left_out,
)
from pipeline.candidates.models import CandidateQuerySet, Folder
from pipeline.workspaces.models import Membership

from .base import OptionsForm, Preview, Revert, Skip
from .judging import JudgedChange, JudgingOperation
from .recruiters import RecruiterField, recruiters_for, sees
from .restore_folder import folder_names, moving_back


class MoveToFolderForm(OptionsForm):
    to_folder = forms.ModelChoiceField(Folder.objects.none(), label="Move to")
    new_recruiter = RecruiterField(required=False, label="Recruiter", empty_label="Keep")
    include_decided = IncludeField()

    def offer(self) -> None:
        field, recruiter = self.fields["to_folder"], self.fields["new_recruiter"]
        assert isinstance(field, forms.ModelChoiceField)
        assert isinstance(recruiter, RecruiterField)
        folders = Folder.objects.visible_to(self.user).select_related("opening")
        field.queryset = folders.order_by("opening__name", "position", "pk")
        field.choices = [("", "Choose a folder"), *_by_opening(field.queryset)]
        recruiter.queryset = recruiters_for(self.user)

    def clean(self) -> dict[str, Any]:
        answers: dict[str, Any] = super().clean() or self.cleaned_data
        folder, recruiter = answers.get("to_folder"), answers.get("new_recruiter")
        if folder and recruiter and not sees(recruiter, folder.opening_id):
            self.add_error("new_recruiter", f"{recruiter.user} does not see {folder.opening}.")
        return answers

    def options(self) -> dict[str, Any]:
        folder = self.cleaned_data["to_folder"]
        recruiter: Membership | None = self.cleaned_data["new_recruiter"]
        options = {
            "folder": folder.pk,
            "folder_name": folder.name,
            "folder_kind": folder.kind,
            "include_decided": self.cleaned_data["include_decided"],
            "opening": folder.opening_id,
            "opening_name": folder.opening.name,
        }
        if recruiter:
            options |= {"recruiter": recruiter.pk, "recruiter_name": str(recruiter.user)}
        return options

    @classmethod
    def answers(cls, options: dict[str, Any]) -> dict[str, Any]:
        return {
            "to_folder": options["folder"],
            "new_recruiter": options.get("recruiter", ""),
            "include_decided": options.get("include_decided", False),
        }


def _by_opening(folders: Any) -> Iterator[tuple[str, list[tuple[int, str]]]]:
    groups: dict[str, list[tuple[int, str]]] = {}
    for folder in folders:
        groups.setdefault(folder.opening.name, []).append((folder.pk, folder.name))
    yield from groups.items()


class MoveToFolder(JudgingOperation):
    """Put candidates into a folder of their own opening or of another, to a new recruiter or not.

    An e-mail is in an opening once: of several with the same one, the lowest id gets there.
    """

    key = "move_to_folder"
    label = "Move to folder"
    command = "Move"
    form = MoveToFolderForm
    verb = "moved"
    is_frequent = True
    can_undo = True

    @property
    def title(self) -> str:
        return f"Move to {self.options['folder_name']}"

    @property
    def details(self) -> str:
        place = f"The folder is in {self.options['opening_name']}."
        name = self.options.get("recruiter_name")
        return f"{place} The recruiter is now {name}." if name else place

    @property
    def already(self) -> str:  # type: ignore[override]
        return f"Already in {self.options['folder_name']}."

    @property
    def reached(self) -> set[int]:
        return {self.options["opening"]}

    @property
    def is_plain(self) -> bool:
        """The frozen selection is in the folder's opening, and nothing but the folder changes."""
        return "recruiter" not in self.options and set(self.opening_ids) <= self.reached

    @property
    def is_ordered(self) -> bool:
        return not self.is_plain

    def preview(self, candidates: CandidateQuerySet) -> Preview:
        counts = candidates.order_by().aggregate(
            total=Count("pk"),
            elsewhere=Count("pk", filter=~Q(opening=self.options["opening"])),
            there=Count("pk", filter=Q(folder=self.options["folder"])),
        )
        movable = candidates.exclude(folder=self.options["folder"])
        found = decided(movable, self.options, self.options.get("folder_kind", ""))
        if counts["elsewhere"] or found or not self.is_plain:
            return replace(super().preview(candidates), decided=found)
        skips = [Skip(counts["there"], self.already)]
        return Preview(counts["total"], [skip for skip in skips if skip.count])

    @property
    def left_out(self) -> list[str]:
        return kinds_left_out(self.options, self.options.get("folder_kind", ""))

    def apply(self) -> tuple[str, dict[str, Any]]:
        """Most moves stay in an opening: they get a statement that does no more than they need."""
        return (PLAIN, self.params) if self.is_plain else super().apply()

    def change(self) -> JudgedChange:
        return JudgedChange(
            JUDGING.format(left_out=LEFT_OUT_OF_SEEN), CHANGING, self.params, columns=("email",)
        )

    @property
    def params(self) -> dict[str, Any]:
        opening = self.options["opening_name"]
        return {
            "folder": self.options["folder"],
            "recruiter": self.options.get("recruiter"),
            "left_out": self.left_out,
            "frozen": list(self.opening_ids) or None,
            "starters": [str(role) for role in Membership.STARTERS],
            "left": f"Was moved out of {opening} before its turn came.",
            "strayed": "Was moved to another opening before its turn came.",
            "gone": f"The folder {self.options['folder_name']} no longer exists.",
            "no_recruiter": f"{self.options.get('recruiter_name')} is no longer a recruiter who"
            f" sees {opening}.",
            "taken": f"Already in {opening} with the same e-mail.",
        }

    def revert(self) -> Revert:
        return moving_back(folder=self.options["folder"], recruiter=self.options.get("recruiter"))

    def describe_before(self, befores: list[dict[str, Any]]) -> list[str]:
        return folder_names(befores)


# The key-share lock keeps the folder from being deleted between the look and the change.
MOVING = """
target AS (
    SELECT id, opening_id FROM candidates_folder WHERE id = %(folder)s FOR KEY SHARE
), moved AS (
    UPDATE candidates_candidate AS candidate SET folder_id = target.id
    FROM picked, target
    WHERE candidate.id = picked.id
      AND picked.opening_id = target.opening_id AND picked.folder_id <> target.id
      AND NOT EXISTS (SELECT FROM left_out WHERE left_out.id = picked.id)
), outcome AS (
    SELECT picked.id AS candidate_id,
           CASE WHEN target.id IS NULL OR picked.opening_id <> target.opening_id THEN 3
                WHEN picked.folder_id = target.id OR why IS NOT NULL THEN 2
                ELSE 1 END AS result,
           CASE WHEN target.id IS NULL THEN %(gone)s
                WHEN picked.opening_id <> target.opening_id THEN %(left)s
                WHEN picked.folder_id = target.id THEN ''
                ELSE coalesce(why, '') END AS reason,
           jsonb_build_object('folder', picked.folder_id) AS before,
           NULL::jsonb AS facts
    FROM picked LEFT JOIN target ON true LEFT JOIN left_out ON left_out.id = picked.id
)
"""

PLAIN = f"{LEFT_OUT_OF_PICKED}, {MOVING}"

# Of those who could get there, each e-mail's first does: `turn` is 1. Earlier chunks' are there.
JUDGING = """
target AS (
    SELECT id, opening_id FROM candidates_folder WHERE id = %(folder)s FOR KEY SHARE
), owner AS (
    SELECT id FROM workspaces_membership AS membership
    WHERE id = %(recruiter)s::bigint AND role = ANY(%(starters)s) AND (
        NOT is_limited OR EXISTS (
            SELECT FROM candidates_opening_members AS given JOIN target USING (opening_id)
            WHERE given.membership_id = membership.id
        )
    ) FOR KEY SHARE
), asked AS (
    SELECT seen.*, target.id AS to_folder, target.opening_id AS to_opening,
           coalesce(owner.id, seen.recruiter_id) AS to_recruiter,
           seen.folder_id <> target.id AND why IS NOT NULL AS is_left_out,
           CASE WHEN target.id IS NULL THEN %(gone)s
                WHEN seen.folder_id <> target.id AND why IS NOT NULL THEN why
                WHEN seen.opening_id <> ALL(%(frozen)s::bigint[]) THEN %(strayed)s
                WHEN %(recruiter)s::bigint IS NOT NULL AND owner.id IS NULL THEN %(no_recruiter)s
                END AS problem
    FROM seen LEFT JOIN target ON true LEFT JOIN owner ON true
    {left_out}
), queued AS (
    SELECT asked.*, row_number() OVER (
        PARTITION BY problem IS NULL AND opening_id <> to_opening, email ORDER BY id
    ) AS turn
    FROM asked
), ruled AS (
    SELECT queued.*, coalesce(problem, CASE
        WHEN email <> '' AND opening_id <> to_opening AND (turn > 1 OR EXISTS (
            SELECT FROM candidates_candidate AS other
            WHERE other.opening_id = to_opening AND other.email = queued.email
              AND other.email <> '' -- what the index says of itself
        )) THEN %(taken)s ELSE '' END) AS reason
    FROM queued
), judged AS (
    SELECT ruled.*,
           CASE WHEN is_left_out THEN 2
                WHEN reason <> '' THEN 3
                WHEN folder_id = to_folder AND recruiter_id IS NOT DISTINCT FROM to_recruiter
                THEN 2 ELSE 1 END AS result,
           jsonb_build_object('folder', folder_id)
           || CASE WHEN opening_id <> to_opening
                   THEN jsonb_build_object('opening', opening_id) ELSE '{{}}' END
           || CASE WHEN %(recruiter)s::bigint IS NOT NULL
                   THEN jsonb_build_object('recruiter', recruiter_id) ELSE '{{}}' END AS before,
           NULL::jsonb AS facts
    FROM ruled
)
"""

CHANGING = """
moved AS (
    UPDATE candidates_candidate AS candidate
    SET folder_id = judged.to_folder, opening_id = judged.to_opening,
        recruiter_id = judged.to_recruiter
    FROM judged WHERE candidate.id = judged.id AND judged.result = 1
)
"""
