from django.db import connection

from pipeline.candidates.models import Candidate
from pipeline.journeys.models import Journey, Run
from pipeline.journeys.models.sql import with_states
from pipeline.journeys.reasons import Code, Reason
from pipeline.journeys.writing.batch import Batch
from pipeline.journeys.writing.enroll import ENROLLMENT, MOST_ENTRIES, enroll, entered_too_often

from .base import Rehearsal
from .other_journey import NOT_NOW, JourneyForm, OtherJourney, about, soon


class StartJourney(OtherJourney):
    """The candidate enters another journey, by that journey's rule, and goes on in this one."""

    key = "start_journey"
    label = "Start journey"
    about = "Let the candidate enter another journey; this one continues."
    form = JourneyForm
    not_itself = Code.STARTS_ITSELF

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
        too_often = entered_too_often(journey.pk, batch.candidates)
        entering = [run for run in batch if run.candidate_id not in too_often]
        by = batch.version.journey
        assert journey.version
        why = f"Journey {by.pk} “{by.name}” v{batch.version.number}"
        before = running_in(journey, batch.candidates)
        enroll(journey.version, [run.candidate_id for run in entering], why)
        after = running_in(journey, batch.candidates)
        for run in batch:
            who = run.candidate_id
            if who in too_often:
                batch.fail(run, about(Code.START_TOO_OFTEN, journey, times=MOST_ENTRIES))
            elif who in before:
                batch.go_on(run, about(Code.START_IS_IN_IT, journey))
            elif who in after:
                batch.go_on(run, about(Code.STARTED, journey), started=after[who])
            else:
                batch.go_on(run, about(Code.START_NOT_AGAIN, journey))

    def rehearse(self, candidate: Candidate) -> Rehearsal:
        if problems := self.problems(candidate.workspace):
            return Rehearsal(f"The run would fail: {problems[0]}", way="")
        journey = self.journey_in(candidate.workspace)
        assert journey
        if not journey.is_live:
            return Rehearsal(str(not_started(journey)))
        name = f"journey {journey.pk} “{journey}”"
        return Rehearsal(f"Would start {name}, if the candidate may enter it.")


def not_started(journey: Journey) -> Reason:
    return about(Code.START_NOT_LIVE, journey, state=journey.state)


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


TAKE = with_states("""
SELECT pg_try_advisory_xact_lock(%s::int, %s::int) FROM (
    SELECT FROM journeys_journey WHERE id = %s AND state = {live} FOR KEY SHARE SKIP LOCKED
) AS held
""")
