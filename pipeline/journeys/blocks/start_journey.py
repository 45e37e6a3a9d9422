from django.db import connection

from pipeline.candidates.models import Candidate
from pipeline.journeys.models import Journey, Run
from pipeline.journeys.writing.batch import Batch
from pipeline.journeys.writing.enroll import ENROLLMENT, MOST_ENTRIES, enroll, entered_too_often

from .base import Rehearsal
from .other_journey import NOT_NOW, JourneyForm, OtherJourney, soon, titled

SELF_START = "A journey can't start itself. Let a way lead back to its first block instead."
ROUND_AND_ROUND = (
    f"Stopped: the candidate has entered {{journey}} {MOST_ENTRIES} times within an hour, so"
    " journeys start each other in a circle. Put a Wait into it, or let the journey be entered"
    " once."
)


class StartJourney(OtherJourney):
    """The candidate enters another journey, by that journey's rule, and goes on in this one."""

    key = "start_journey"
    label = "Start journey"
    about = "Let the candidate enter another journey; this one goes on."
    form = JourneyForm
    not_itself = SELF_START

    def execute(self, batch: Batch) -> None:
        if self.fail_if_misconfigured(batch):
            return
        journey = self.journey_in(batch.version.journey.workspace)
        assert journey
        if not journey.is_live or journey.version is None:
            for run in batch:
                batch.go_on(run, not_started(journey))
        elif not try_lock_enrollment(journey):
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


def not_started(journey: Journey) -> str:
    state = journey.get_state_display().lower()
    return f"Did not start {titled(journey)}: it is {'a ' * (state == 'draft')}{state}."


def try_lock_enrollment(journey: Journey) -> bool:
    """Whether it is live, and nobody pauses it or enrolls there at this moment; then nobody does
    before we are through."""
    with connection.cursor() as cursor:
        cursor.execute(TAKE, [ENROLLMENT, journey.pk % 2**31, journey.pk])
        taken = cursor.fetchone()
    return bool(taken and taken[0])


def running_in(journey: Journey, candidates: list[int]) -> dict[int, int]:
    """The run of each of them who is in it now."""
    runs = Run.objects.running().filter(journey=journey, candidate__in=candidates)
    return dict(runs.values_list("candidate_id", "pk"))


TAKE = """
SELECT pg_try_advisory_xact_lock(%s::int, %s::int) FROM (
    SELECT FROM journeys_journey WHERE id = %s AND state = 'live' FOR KEY SHARE SKIP LOCKED
) AS held
"""
