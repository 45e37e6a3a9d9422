from collections import Counter, defaultdict
from typing import Any, ClassVar

from django import forms

from pipeline.candidates.models import Candidate
from pipeline.journeys.models import Journey, Run, RunQuerySet
from pipeline.journeys.writing.batch import Batch
from pipeline.journeys.writing.stop import stop_runs
from pipeline.workspaces.models import Workspace

from .base import Rehearsal, chosen
from .condition import RowField
from .other_journey import NOT_NOW, JourneyForm, OtherJourney, soon, titled

ALL_OTHERS, ONE = "others", "one"
SELF_STOP = "A journey does not stop itself by this block. Use Exit."


class StopJourneyForm(JourneyForm):
    only_with: ClassVar = {"journey": ("which", ONE)}
    field_order = ("which", "journey")

    which = forms.ChoiceField(
        choices=[(ONE, "One journey"), (ALL_OTHERS, "All other journeys")],
        widget=forms.RadioSelect,
        initial=ONE,
        label="The candidate leaves",
    )
    journey = RowField(None, empty_label="Choose a journey", required=False)

    def clean(self) -> dict[str, Any]:
        answers: dict[str, Any] = super().clean() or self.cleaned_data
        is_missing = answers.get("which") == ONE and not answers.get("journey")
        if is_missing and "journey" not in self.errors:
            self.add_error("journey", "Choose the journey.")
        return answers

    def options(self) -> dict[str, Any]:
        which = self.cleaned_data["which"]
        journey = self.cleaned_data["journey"] if which == ONE else None
        return {"which": which} | chosen("journey", journey)


class StopJourney(OtherJourney):
    """The candidate's run of another journey is stopped, or those of all others."""

    key = "stop_journey"
    label = "Stop journey"
    about = "Take the candidate out of another journey, or of all others."
    form = StopJourneyForm
    not_itself = SELF_STOP

    @property
    def is_for_all(self) -> bool:
        return self.options.get("which") == ALL_OTHERS

    @property
    def summary(self) -> str:
        return "All other journeys" if self.is_for_all else super().summary

    def problems(self, workspace: Workspace) -> list[str]:
        return [] if self.is_for_all else super().problems(workspace)

    def execute(self, batch: Batch) -> None:
        if self.fail_if_misconfigured(batch):
            return
        version = batch.version
        by = f"Journey {version.journey_id} “{version.journey}” v{version.number}: {batch.label}"
        wanted = self.theirs(batch.candidates, version.journey)
        stopped = defaultdict(list)
        ids = stop_runs(wanted, f"Stopped by {by}.", waits=False)
        for run in Run.objects.filter(pk__in=ids).select_related("journey"):
            stopped[run.candidate_id].append(run)
        # Somebody takes a step of these at this moment.
        left = set(wanted.values_list("candidate_id", flat=True))
        for run in batch:
            theirs = stopped[run.candidate_id]
            if run.candidate_id in left:
                text = told(theirs) if theirs else NOT_NOW
                batch.try_again(run, text, soon(batch), is_logged=bool(theirs))
            else:
                batch.go_on(run, told(theirs), stopped=[one.pk for one in theirs])

    def theirs(self, candidates: list[int], this: Journey | None) -> RunQuerySet:
        """The runs to stop, of these candidates."""
        runs = Run.objects.running().filter(candidate__in=candidates)
        if not self.is_for_all:
            return runs.filter(journey=self.options["journey"])
        return runs.exclude(journey=this) if this else runs

    def rehearse(self, candidate: Candidate) -> Rehearsal:
        if problems := self.problems(candidate.workspace):
            return Rehearsal(f"The run would fail: {problems[0]}", way="")
        runs = self.theirs([candidate.pk], None).select_related("journey")
        return Rehearsal(f"Would do this: {told(list(runs))}")


def told(stopped: list[Run]) -> str:
    """ "Stopped 2 runs: journey 7 “Win back”, journey 9 “Reminders”." """
    if not stopped:
        return "Stopped nothing: the candidate was in no such journey."
    names = Counter(titled(run.journey) for run in stopped)
    number = f"{len(stopped)} run{'' if len(stopped) == 1 else 's'}"
    return f"Stopped {number}: {', '.join(sorted(names))}."
