from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from django import forms
from django.db.models import Count, Q

from pipeline.bulk_actions.reasons import Code
from pipeline.bulk_actions.writing.left_out import (
    LEFT_OUT_OF_PICKED,
    LEFT_OUT_OF_SEEN,
    IncludeField,
    decided,
    kinds_left_out,
)
from pipeline.candidates.models import CandidateQuerySet, Folder
from pipeline.candidates.sql import people, places
from pipeline.workspaces import sql as workspaces
from pipeline.workspaces.models import Membership

from .base import OptionsForm, Preview, Revert, Skip
from .judging import JudgedChange, JudgingOperation, by_code, changing
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
        return JudgedChange(JUDGING, CHANGING, self.params, columns=("email",))

    @property
    def params(self) -> dict[str, Any]:
        opening, recruiter = self.options["opening_name"], self.options.get("recruiter_name")
        return {
            "folder": self.options["folder"],
            "recruiter": self.options.get("recruiter"),
            "left_out": self.left_out,
            "frozen": list(self.opening_ids) or None,
            "starters": [str(role) for role in Membership.STARTERS],
            "facts": by_code(
                {
                    Code.FOLDER_GONE: {"folder": self.options["folder_name"]},
                    Code.LEFT_OPENING: {"opening": opening},
                    Code.SAME_EMAIL: {"opening": opening},
                    Code.RECRUITER_UNFIT: {"recruiter": recruiter, "opening": opening},
                }
            ),
        }

    def revert(self) -> Revert:
        return moving_back(folder=self.options["folder"], recruiter=self.options.get("recruiter"))

    def describe_before(self, befores: list[dict[str, Any]]) -> list[str]:
        return folder_names(befores)


PLAIN = f"""
{LEFT_OUT_OF_PICKED}, target AS ({places.folder("%(folder)s")}), judged AS (
    SELECT picked.id, target.id AS to_folder,
           CASE WHEN target.id IS NULL OR picked.opening_id <> target.opening_id THEN %(FAILED)s
                WHEN picked.folder_id = target.id OR why IS NOT NULL THEN %(UNCHANGED)s
                ELSE %(CHANGED)s END AS result,
           CASE WHEN target.id IS NULL THEN %(FOLDER_GONE)s
                WHEN picked.opening_id <> target.opening_id THEN %(LEFT_OPENING)s
                WHEN picked.folder_id = target.id THEN ''
                ELSE coalesce(why, '') END AS reason,
           jsonb_build_object('folder', picked.folder_id) AS before
    FROM picked LEFT JOIN target ON true LEFT JOIN left_out ON left_out.id = picked.id
), {changing({"folder_id": "judged.to_folder"})}, outcome AS (
    SELECT id AS candidate_id, result, reason, %(facts)s::jsonb -> reason AS facts, before
    FROM judged
)
"""  # noqa: S608

# Of those who could get there, each e-mail's first does: `turn` is 1. Earlier chunks' are there.
JUDGING = f"""
target AS ({places.folder("%(folder)s")}), member AS (
    {workspaces.member_with_role("%(recruiter)s", "%(starters)s")}
), owner AS (
    SELECT member.id FROM member, target
    WHERE NOT member.is_limited OR {places.is_given("target.opening_id", "member.id")}
), asked AS (
    SELECT seen.*, target.id AS to_folder, target.opening_id AS to_opening,
           coalesce(owner.id, seen.recruiter_id) AS to_recruiter,
           seen.folder_id <> target.id AND why IS NOT NULL AS is_left_out,
           CASE WHEN target.id IS NULL THEN %(FOLDER_GONE)s
                WHEN seen.folder_id <> target.id AND why IS NOT NULL THEN why
                WHEN seen.opening_id <> ALL(%(frozen)s::bigint[]) THEN %(MOVED_AWAY)s
                WHEN %(recruiter)s::bigint IS NOT NULL AND owner.id IS NULL
                THEN %(RECRUITER_UNFIT)s END AS problem
    FROM seen LEFT JOIN target ON true LEFT JOIN owner ON true
    {LEFT_OUT_OF_SEEN}
), queued AS (
    SELECT asked.*, row_number() OVER (
        PARTITION BY problem IS NULL AND opening_id <> to_opening, email ORDER BY id
    ) AS turn
    FROM asked
), ruled AS (
    SELECT queued.*, coalesce(problem, CASE
        WHEN email <> '' AND opening_id <> to_opening
         AND (turn > 1 OR {people.has_email("to_opening", "queued.email")})
        THEN %(SAME_EMAIL)s ELSE '' END) AS reason
    FROM queued OFFSET 0  -- judged once for a candidate
), judged AS (
    SELECT ruled.*,
           CASE WHEN is_left_out THEN %(UNCHANGED)s
                WHEN reason <> '' THEN %(FAILED)s
                WHEN folder_id = to_folder AND recruiter_id IS NOT DISTINCT FROM to_recruiter
                THEN %(UNCHANGED)s ELSE %(CHANGED)s END AS result,
           %(facts)s::jsonb -> reason AS facts,
           jsonb_build_object('folder', folder_id)
           || CASE WHEN opening_id <> to_opening
                   THEN jsonb_build_object('opening', opening_id) ELSE '{{}}' END
           || CASE WHEN %(recruiter)s::bigint IS NOT NULL
                   THEN jsonb_build_object('recruiter', recruiter_id) ELSE '{{}}' END AS before
    FROM ruled
)
"""  # noqa: S608
CHANGING = changing(
    {
        "folder_id": "judged.to_folder",
        "opening_id": "judged.to_opening",
        "recruiter_id": "judged.to_recruiter",
    }
)
