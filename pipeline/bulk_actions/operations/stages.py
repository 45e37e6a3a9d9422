"""Into the folder of one kind, each candidate in its own opening."""

from dataclasses import replace
from typing import Any, ClassVar

from pipeline.bulk_actions.reasons import NO_FOLDER, Code
from pipeline.bulk_actions.writing.left_out import (
    LEFT_OUT_OF_SEEN,
    IncludeField,
    decided,
    kinds_left_out,
)
from pipeline.candidates.models import CandidateQuerySet, FolderKind
from pipeline.candidates.sql import places

from .base import OptionsForm, Preview, Revert
from .judging import JudgedChange, JudgingOperation, changing
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
    form: ClassVar[type[OptionsForm]] = NoOptions
    can_undo = True
    # In SQL: when nothing is to be changed, what else is to be, and what else there is before.
    same: ClassVar[str] = "seen.folder_id = target.id"
    sets: ClassVar[dict[str, str]] = {}
    kept: ClassVar[str] = ""
    columns: ClassVar[tuple[str, ...]] = ()

    @property
    def title(self) -> str:
        return self.label

    def change(self) -> JudgedChange:
        params = {
            "kind": self.kind,
            "no_folder": Code(f"{NO_FOLDER}{self.kind}"),
            "left_out": self.left_out,
        }
        judging = JUDGING.format(same=self.same, kept=self.kept)
        changes = {"folder_id": "judged.to_folder"} | self.sets
        return JudgedChange(judging, changing(changes), params, self.columns)

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
    kind = FolderKind.SHORTLISTED
    verb = "shortlisted"
    already = "Already shortlisted."
    is_frequent = True


class Hold(ToStage):
    key = "hold"
    label = command = "Hold"
    kind = FolderKind.ON_HOLD
    verb = "put on hold"
    already = "Already on hold."
    form = HoldForm
    is_frequent = True


class Hire(ToStage):
    key = "hire"
    label = command = "Hire"
    kind = FolderKind.HIRED
    verb = "hired"
    already = "Already hired."
    is_frequent = True


JUDGING = f"""
target AS (
    {places.folders_of_kind("%(kind)s", "SELECT opening_id FROM picked")}
), judged AS (
    SELECT seen.*, target.id AS to_folder,
           CASE WHEN why IS NOT NULL THEN %(UNCHANGED)s WHEN target.id IS NULL THEN %(FAILED)s
                WHEN {{same}} THEN %(UNCHANGED)s ELSE %(CHANGED)s END AS result,
           CASE WHEN why IS NOT NULL THEN why WHEN target.id IS NULL THEN %(no_folder)s
                ELSE '' END AS reason,
           CASE WHEN why IS NULL AND target.id IS NULL
                THEN jsonb_build_object('opening', {places.opening_name("seen.opening_id")})
                END AS facts,
           jsonb_build_object('folder', seen.folder_id, 'to_folder', target.id{{kept}}) AS before
    FROM seen LEFT JOIN target USING (opening_id) {LEFT_OUT_OF_SEEN}
)
"""  # noqa: S608
