"""Starting and stopping other journeys.

Neither waits for a lock while it holds those of its own runs and their candidates: two journeys
that start or stop each other at the same moment would wait for each other. Whoever comes second
tries again a moment later, when the first is through.
"""

import random
from collections import Counter, defaultdict
from datetime import timedelta
from typing import Any, ClassVar

from django import forms
from django.db import connection

from pipeline.candidates.models import Candidate
from pipeline.journeys.batch import Batch
from pipeline.journeys.enrolling import ENROLLMENT, MOST_ENTRIES, enroll, entered_too_often
from pipeline.journeys.models import Journey, JourneyState, Run, RunQuerySet
from pipeline.journeys.stopping import stop_runs
from pipeline.workspaces.models import Workspace

from .base import Block, BlockForm, Rehearsal, gone, row_of, text_in
from .condition import RowField

ALL_OTHERS, ONE = "others", "one"
SELF_START = "A journey can't start itself. Let a way lead back to its first block instead."
SELF_STOP = "A journey does not stop itself by this block. Use Exit."
NONE_CHOSEN = "No journey is chosen."
ROUND_AND_ROUND = (
    f"Stopped: the candidate has entered {{journey}} {MOST_ENTRIES} times within an hour, so"
    " journeys start each other in a circle. Put a Wait into it, or let the journey be entered"
    " once."
)
NOT_NOW = "Others are entering or leaving at this moment. Tries again at once."


class StartJourneyForm(BlockForm):
    journey = RowField(None, empty_label="Choose a journey")

    def offer(self) -> None:
        field = self.fields["journey"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = in_use(self.workspace)

    def options(self) -> dict[str, Any]:
        return chosen(self.cleaned_data["journey"])


class StopJourneyForm(StartJourneyForm):
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
        return {"which": which} | chosen(self.cleaned_data["journey"] if which == ONE else None)


def in_use(workspace: Workspace) -> Any:
    return Journey.objects.filter(workspace=workspace).exclude(state=JourneyState.ARCHIVED)


def chosen(journey: Journey | None) -> dict[str, Any]:
    return {"journey": journey and journey.pk, "journey_name": journey.name if journey else ""}


class OtherJourney(Block):
    """What both have in common: the journey that they name."""

    not_itself: ClassVar[str]

    @property
    def name(self) -> str:
        return text_in(self.options, "journey_name")

    @property
    def summary(self) -> str:
        return self.name or "No journey chosen"

    def problems(self, workspace: Workspace) -> list[str]:
        if not self.options.get("journey"):
            return [NONE_CHOSEN]
        if self.journey_in(workspace) is None:
            return [gone("journey", self.name)]
        return []

    def problems_in(self, journey: Journey) -> list[str]:
        return [self.not_itself] if self.options.get("journey") == journey.pk else []

    def journey_in(self, workspace: Workspace) -> Journey | None:
        return row_of(Journey.objects.filter(workspace=workspace), self.options.get("journey"))

    def fails(self, batch: Batch) -> bool:
        if self.problems_in(batch.version.journey):
            for run in batch:
                batch.fail(run, self.not_itself)
            return True
        return super().fails(batch)


class StartJourney(OtherJourney):
    """The candidate enters another journey, by that journey's rule, and goes on in this one."""

    key = "start_journey"
    label = "Start journey"
    about = "Let the candidate enter another journey; this one goes on."
    form = StartJourneyForm
    not_itself = SELF_START

    def execute(self, batch: Batch) -> None:
        if self.fails(batch):
            return
        journey = self.journey_in(batch.version.journey.workspace)
        assert journey
        if not journey.is_live or journey.version is None:
            for run in batch:
                batch.go_on(run, not_started(journey))
        elif not is_free(journey):
            for run in batch:
                batch.try_again(run, NOT_NOW, soon(batch), is_logged=False)
        else:
            self.start(journey, batch)

    def start(self, journey: Journey, batch: Batch) -> None:
        round_and_round = entered_too_often(journey.pk, batch.candidates)
        entering = [run for run in batch if run.candidate_id not in round_and_round]
        by = batch.version.journey
        assert journey.version
        why = f"Journey {by.pk} “{by.name}” v{batch.version.number}"
        before = running_in(journey, batch.candidates)
        enroll(journey.version, [run.candidate_id for run in entering], why)
        after = running_in(journey, batch.candidates)
        for run in batch:
            who = run.candidate_id
            if who in round_and_round:
                batch.fail(run, ROUND_AND_ROUND.format(journey=titled(journey)))
            elif who in before:
                batch.go_on(run, f"Did not start {titled(journey)}: the candidate is in it.")
            elif who in after:
                batch.go_on(run, f"Started {titled(journey)}.", started=after[who])
            else:
                batch.go_on(run, f"Did not start {titled(journey)}: its rule for coming again.")

    def rehearse(self, candidate: Candidate) -> Rehearsal:
        if problems := self.problems(candidate.workspace):
            return Rehearsal(f"The run would fail: {problems[0]}", way="")
        journey = self.journey_in(candidate.workspace)
        assert journey
        if not journey.is_live:
            return Rehearsal(not_started(journey))
        return Rehearsal(f"Would start {titled(journey)}, if the candidate may enter it.")


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
        if self.fails(batch):
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


# --- what is so of the other journey ---


def titled(journey: Journey) -> str:
    return f"journey {journey.pk} “{journey}”"


def not_started(journey: Journey) -> str:
    state = journey.get_state_display().lower()
    return f"Did not start {titled(journey)}: it is {'a ' * (state == 'draft')}{state}."


def is_free(journey: Journey) -> bool:
    """Whether nobody else enrolls there at this moment; then nobody does before we are through."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_try_advisory_xact_lock(%s::int, %s::int)", [ENROLLMENT, journey.pk % 2**31]
        )
        return bool(cursor.fetchone()[0])


def running_in(journey: Journey, candidates: list[int]) -> dict[int, int]:
    """The run of each of them who is in it now."""
    runs = Run.objects.running().filter(journey=journey, candidate__in=candidates)
    return dict(runs.values_list("candidate_id", "pk"))


def soon(batch: Batch) -> Any:
    """Not all at the same moment: of two who stop each other one is to be first."""
    return batch.now + timedelta(seconds=random.uniform(0.2, 1.5))


def told(stopped: list[Run]) -> str:
    """ "Stopped 2 runs: journey 7 “Win back”, journey 9 “Reminders”." """
    if not stopped:
        return "Stopped nothing: the candidate was in no such journey."
    names = Counter(titled(run.journey) for run in stopped)
    number = f"{len(stopped)} run{'' if len(stopped) == 1 else 's'}"
    return f"Stopped {number}: {', '.join(sorted(names))}."
