from collections import defaultdict
from typing import Any, ClassVar

from django import forms

from pipeline.candidates.models import Candidate
from pipeline.journeys.models import Journey, Run, RunQuerySet
from pipeline.journeys.reasons import Code, Reason, because
from pipeline.journeys.writing.batch import Batch
from pipeline.journeys.writing.stop import stop_runs
from pipeline.workspaces.models import Workspace

from .base import Rehearsal, chosen
from .condition import RowField
from .other_journey import NOT_NOW, JourneyForm, OtherJourney, about, soon

ALL_OTHERS, ONE = "others", "one"


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
    not_itself = Code.STOPS_ITSELF

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
        by = about(
            Code.STOPPED_BY_JOURNEY, version.journey, version=version.number, block=batch.label
        )
        wanted = self.theirs(batch.candidates, version.journey)
        stopped = defaultdict(list)
        ids = stop_runs(wanted, by, waits=False)
        for run in Run.objects.filter(pk__in=ids).select_related("journey"):
            stopped[run.candidate_id].append(run)
        # Somebody takes a step of these at this moment.
        left = set(wanted.values_list("candidate_id", flat=True))
        for run in batch:
            theirs = stopped[run.candidate_id]
            if run.candidate_id in left:
                reason = outcome(theirs) if theirs else NOT_NOW
                batch.try_again(run, reason, soon(batch), is_logged=bool(theirs))
            else:
                batch.go_on(run, outcome(theirs), stopped=[other.pk for other in theirs])

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
        return Rehearsal(f"Would do this: {outcome(list(runs))}")


def outcome(stopped: list[Run]) -> Reason:
    return because(
        Code.RUNS_STOPPED, journeys=[[run.journey_id, run.journey.name] for run in stopped]
    )
