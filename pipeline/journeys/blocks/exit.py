from django import forms
from django.utils.translation import gettext_lazy

from pipeline.candidates.models import Candidate
from pipeline.journeys.reasons import Code, because
from pipeline.journeys.writing.batch import Batch

from .base import Block, BlockForm, Rehearsal, text_in


class ExitForm(BlockForm):
    reason = forms.CharField(
        max_length=200,
        required=False,
        label="Why",
        help_text=gettext_lazy("Shown in the run's log."),
    )


class Exit(Block):
    """The candidate leaves the journey here."""

    key = "exit"
    label = "Exit"
    about = "The candidate leaves the journey here."
    form = ExitForm

    @property
    def ways(self) -> dict[str, str]:
        return {}

    @property
    def summary(self) -> str:
        return text_in(self.options, "reason") or "Leave the journey"

    def execute(self, batch: Batch) -> None:
        given = {"reason": reason} if (reason := text_in(self.options, "reason")) else {}
        for run in batch:
            batch.end(run, because(Code.EXIT, **given))

    def rehearse(self, candidate: Candidate) -> Rehearsal:
        return Rehearsal(self.summary, way="")
