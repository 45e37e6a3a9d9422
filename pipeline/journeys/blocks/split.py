import hashlib
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pipeline.candidates.models import Candidate
from pipeline.journeys.reasons import Code, because
from pipeline.journeys.writing.batch import Batch
from pipeline.workspaces.models import Workspace

from .base import Block, BlockForm, Rehearsal

LETTERS = "ABCDE"


class SplitForm(BlockForm):
    shares = forms.CharField(
        label="Percentages",
        initial="50, 50",
        help_text=gettext_lazy(
            "Two to five whole numbers that add up to 100, for example 50, 30, 20."
        ),
    )

    def clean_shares(self) -> list[int]:
        try:
            shares = [int(part) for part in self.cleaned_data["shares"].split(",")]
        except ValueError:
            raise forms.ValidationError(
                _("Enter whole numbers separated by commas, for example 50, 50.")
            )
        if not 2 <= len(shares) <= len(LETTERS) or min(shares) < 1 or sum(shares) != 100:
            raise forms.ValidationError(
                f"Two to five numbers of at least 1 that add up to 100; these are {len(shares)}"
                f" and add up to {sum(shares)}."
            )
        return shares

    @classmethod
    def answers(cls, options: dict[str, Any]) -> dict[str, Any]:
        return {"shares": ", ".join(map(str, options.get("shares", [])))}


class Split(Block):
    """Each candidate goes one of some ways, by chance, and always the same one at this block."""

    key = "split"
    label = "Split"
    about = "Send candidates down different paths, by percentages."
    form = SplitForm

    @property
    def shares(self) -> list[int]:
        """As they are in the options; nothing where these are no percentages."""
        shares = self.options.get("shares")
        is_right = isinstance(shares, list) and all(type(share) is int for share in shares)
        return shares if is_right and shares else []

    @property
    def ways(self) -> dict[str, str]:
        return {
            letter.lower(): f"{letter}: {share} %"
            for letter, share in zip(LETTERS, self.shares, strict=False)
        }

    @property
    def summary(self) -> str:
        return " / ".join(f"{share} %" for share in self.shares) or "No percentages chosen"

    def problems(self, workspace: Workspace) -> list[str]:
        shares = self.shares
        is_right = 2 <= len(shares) <= len(LETTERS) and sum(shares) == 100 and min(shares) > 0
        return [] if is_right else ["The percentages do not add up to 100."]

    def execute(self, batch: Batch) -> None:
        if self.fail_if_misconfigured(batch):
            return
        for run in batch:
            way = self.way_of(run.candidate_id, f"{batch.version.journey_id}-{batch.node.id}")
            batch.go_on(run, because(Code.SPLIT, way=way.upper()), way)

    def way_of(self, candidate_id: int, place: str) -> str:
        """Sticky: a hash of who and where, so that coming again decides the same."""
        digest = hashlib.sha256(f"{place}-{candidate_id}".encode()).digest()
        point = int.from_bytes(digest[:8]) * 100 // 2**64
        for way, share in zip(self.ways, self.shares, strict=False):
            point -= share
            if point < 0:
                return way
        return "a"

    def rehearse(self, candidate: Candidate) -> Rehearsal:
        if problems := self.problems(candidate.workspace):
            return Rehearsal(f"The run would fail: {problems[0]}", way="")
        return Rehearsal(_("Takes one of these paths at random."), way="a")
