"""Into the folder of one kind, each candidate in its own opening."""

from dataclasses import replace
from typing import Any, ClassVar

from pipeline.bulk_actions.writing.left_out import (
    LEFT_OUT_OF_SEEN,
    IncludeField,
    decided,
    kinds_left_out,
)
from pipeline.candidates.models import CandidateQuerySet, FolderKind

from .base import OptionsForm, Preview, Revert
from .judging import JudgedChange, JudgingOperation
from .restore_folder import folder_names, moving_back


class NoOptions(OptionsForm):
    def options(self) -> dict[str, Any]:
        return {}


class HoldForm(OptionsForm):
    include_decided = IncludeField()
    defaults = {"include_decided": False}  # noqa: RUF012

    def options(self) -> dict[str, Any]:
        return {"include_decided": self.cleaned_data["include_decided"]}

    @classmethod
    def answers(cls, options: dict[str, Any]) -> dict[str, Any]:
        return {"include_decided": options.get("include_decided", False)}


class ToStage(JudgingOperation):
    """A candidate whose opening has no folder of the kind any more fails."""

    kind: ClassVar[FolderKind]
    whom: ClassVar[str]  # whom the folder is for: "shortlisted"
    form: ClassVar[type[OptionsForm]] = NoOptions
    can_undo = True
    # In SQL: when nothing is to be changed, what is to be, and what else there is before.
    same: ClassVar[str] = "seen.folder_id = target.id"
    sets: ClassVar[str] = "folder_id = judged.to_folder"
    kept: ClassVar[str] = ""
    columns: ClassVar[tuple[str, ...]] = ()

    @property
    def title(self) -> str:
        return self.label

    def change(self) -> JudgedChange:
        params = {
            "kind": self.kind,
            "no_folder": f" has no folder for {self.whom} candidates.",
            "left_out": self.left_out,
        }
        judging = JUDGING.format(same=self.same, kept=self.kept, left_out=LEFT_OUT_OF_SEEN)
        return JudgedChange(judging, CHANGING.format(sets=self.sets), params, self.columns)

    @property
    def left_out(self) -> list[str]:
        return kinds_left_out(self.options, self.kind)

    def preview(self, candidates: CandidateQuerySet) -> Preview:
        found = decided(candidates, self.options, self.kind)
        return replace(super().preview(candidates), decided=found)

    def revert(self) -> Revert:
        return moving_back()

    def describe_before(self, befores: list[dict[str, Any]]) -> list[str]:
        return folder_names(befores)


class Shortlist(ToStage):
    key = "shortlist"
    label = command = "Shortlist"
    kind, whom = FolderKind.SHORTLISTED, "shortlisted"
    verb = "shortlisted"
    already = "Already shortlisted."
    is_frequent = True


class Hold(ToStage):
    key = "hold"
    label = command = "Hold"
    kind, whom = FolderKind.ON_HOLD, "held"
    verb = "put on hold"
    already = "Already on hold."
    form = HoldForm
    is_frequent = True


class Hire(ToStage):
    key = "hire"
    label = command = "Hire"
    kind, whom = FolderKind.HIRED, "hired"
    verb = "hired"
    already = "Already hired."
    is_frequent = True


# The key-share lock keeps the folder from being deleted between the look and the change.
JUDGING = """
target AS (
    SELECT id, opening_id FROM candidates_folder
    WHERE kind = %(kind)s AND opening_id IN (SELECT opening_id FROM picked) FOR KEY SHARE
), judged AS (
    SELECT seen.*, target.id AS to_folder,
           CASE WHEN why IS NOT NULL THEN 2 WHEN target.id IS NULL THEN 3
                WHEN {same} THEN 2 ELSE 1 END AS result,
           CASE WHEN why IS NOT NULL THEN why WHEN target.id IS NULL THEN (
                SELECT name FROM candidates_opening WHERE id = seen.opening_id
           ) || %(no_folder)s ELSE '' END AS reason,
           jsonb_build_object('folder', seen.folder_id, 'to_folder', target.id{kept})
           AS before,
           NULL::jsonb AS facts
    FROM seen LEFT JOIN target USING (opening_id) {left_out}
)
"""

CHANGING = """
moved AS (
    UPDATE candidates_candidate AS candidate SET {sets}
    FROM judged WHERE candidate.id = judged.id AND judged.result = 1
)
"""
