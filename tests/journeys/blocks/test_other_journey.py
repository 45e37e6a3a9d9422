"""Starting and stopping other journeys."""

from typing import Any

import pytest

from pipeline.candidates.models import Candidate
from pipeline.journeys.blocks.problems import problems_of
from pipeline.journeys.lifecycle import CantPublish, archive, pause, publish
from pipeline.journeys.models import Journey, JourneyVersion, Run, RunState
from pipeline.journeys.reasons import Code, because
from pipeline.journeys.writing.enroll import MOST_ENTRIES, enroll
from pipeline.workspaces.models import User
from tests.journeys.conftest import until_nothing_is_due

from .conftest import last_line

THREE_DAYS = ("wait", {"kind": "time", "number": 3, "unit": "days"})


def naming(journey: Journey, **more: Any) -> dict[str, Any]:
    return {"journey": journey.pk, "journey_name": journey.name, **more}


def lines_of(journey: Journey) -> list[str]:
    return [line.text for run in journey.runs.order_by("pk") for line in run.log.all()]


def test_the_candidate_enters_the_other_journey_and_goes_on_in_this_one(
    make_journey: Any, candidate: Candidate
):
    other = make_journey(THREE_DAYS, name="Reminders")
    starter = make_journey(("start_journey", naming(other)), name="Starter")
    enroll(starter.version, [candidate.pk], "By hand")

    until_nothing_is_due()

    started = Run.objects.get(journey=other)
    assert started.entered_by == f"Journey {starter.pk} “Starter” v1"
    run = Run.objects.get(journey=starter)
    line = last_line(run)
    assert line.text == f"Started journey {other.pk} “Reminders”."
    assert line.details == {"started": started.pk}
    assert run.state == RunState.FINISHED


def test_who_is_in_it_or_may_not_come_again_does_not_enter(make_journey: Any, make_candidates: Any):
    other = make_journey(THREE_DAYS, name="Reminders")
    is_in_it, was_in_it = make_candidates(2)
    enroll(other.version, [is_in_it.pk, was_in_it.pk], "By hand")
    until_nothing_is_due()
    Run.objects.filter(candidate=was_in_it).update(state="finished", ended_at="2026-01-01T00:00Z")
    starter = make_journey(("start_journey", naming(other)), name="Starter")
    enroll(starter.version, [is_in_it.pk, was_in_it.pk], "By hand")

    until_nothing_is_due()

    texts = {run.candidate: last_line(run).text for run in starter.runs.all()}
    title = f"journey {other.pk} “Reminders”"
    assert texts == {
        is_in_it: f"Did not start {title}: the candidate is already in it.",
        was_in_it: f"Did not start {title}: its rule does not let the candidate enter again.",
    }
    assert other.runs.count() == 2


@pytest.mark.parametrize(("verb", "state"), [(pause, "paused"), (archive, "archived")])
def test_a_journey_that_is_not_live_is_not_started_and_the_log_says_so(
    make_journey: Any, candidate: Candidate, owner: User, verb: Any, state: str
):
    other = make_journey(THREE_DAYS, name="Reminders")
    starter = make_journey(("start_journey", naming(other)), name="Starter")
    verb(other, owner)
    enroll(starter.version, [candidate.pk], "By hand")

    until_nothing_is_due()

    assert lines_of(starter) == [f"Did not start journey {other.pk} “Reminders”: it is {state}."]
    assert starter.runs.get().state == RunState.FINISHED
    assert other.runs.count() == 0


@pytest.mark.parametrize(
    ("type", "code"), [("start_journey", Code.STARTS_ITSELF), ("stop_journey", Code.STOPS_ITSELF)]
)
def test_a_journey_that_names_itself_is_not_published_and_does_not_run(
    make_journey: Any, candidate: Candidate, owner: User, type: str, code: Code
):
    sentence = str(because(code))
    journey = make_journey(THREE_DAYS)
    journey.draft["blocks"]["b1"] = {
        "type": type,
        "options": naming(journey, which="one"),
        "ways": {"next": None},
    }
    journey.save(update_fields=["draft"])
    with pytest.raises(CantPublish) as refused:
        publish(journey, owner)
    assert refused.value.problems == {"b1": [sentence]}

    version = JourneyVersion.objects.create(
        journey=journey, number=2, definition=journey.draft, published_by=owner
    )
    enroll(version, [candidate.pk], "By hand")
    until_nothing_is_due()

    run = journey.runs.get()
    assert (run.state, run.end_reason) == (RunState.FAILED, sentence)


def test_two_journeys_that_start_each_other_for_ever_are_stopped(
    make_journey: Any, candidate: Candidate, owner: User
):
    ping = make_journey(THREE_DAYS, reentry={"rule": "always"}, name="Ping")
    pong = make_journey(("start_journey", naming(ping)), reentry={"rule": "always"}, name="Pong")
    ping.draft["blocks"] = {
        "b1": {"type": "start_journey", "options": naming(pong), "ways": {"next": None}}
    }
    ping.save(update_fields=["draft"])
    publish(ping, owner)
    enroll(ping.version, [candidate.pk], "By hand")

    until_nothing_is_due(most=200)

    failed = Run.objects.get(state=RunState.FAILED)
    assert failed.end_reason.endswith(
        f" {MOST_ENTRIES} times within an hour, so journeys are starting each other in a loop."
        " Add a Wait, or allow candidates to enter the journey only once."
    )
    assert Run.objects.running().count() == 0
    assert Run.objects.count() <= 2 * MOST_ENTRIES + 1


def test_the_chosen_journey_is_stopped_and_no_other(make_journey: Any, make_candidates: Any):
    one = make_journey(THREE_DAYS, name="Reminders")
    two = make_journey(THREE_DAYS, name="Win back")
    people = make_candidates(2)
    for journey in (one, two):
        enroll(journey.version, [each.pk for each in people], "By hand")
    stopper = make_journey(("stop_journey", naming(one, which="one")), name="Stopper")
    enroll(stopper.version, [people[0].pk], "By hand")

    until_nothing_is_due()

    stopped = Run.objects.get(state=RunState.STOPPED)
    assert (stopped.journey, stopped.candidate) == (one, people[0])
    reason = f"Stopped by Journey {stopper.pk} “Stopper” v1: Stop journey: Reminders."
    assert stopped.end_reason == reason
    assert lines_of(stopper) == [f"Stopped 1 run: journey {one.pk} “Reminders”."]
    assert last_line(stopper.runs.get()).details == {"stopped": [stopped.pk]}


def test_all_others_are_stopped_and_not_the_one_that_stops(make_journey: Any, candidate: Candidate):
    for name in ("Reminders", "Win back"):
        journey = make_journey(THREE_DAYS, name=name)
        enroll(journey.version, [candidate.pk], "By hand")
    stopper = make_journey(("stop_journey", {"which": "others"}), THREE_DAYS, name="Stopper")
    enroll(stopper.version, [candidate.pk], "By hand")

    until_nothing_is_due()

    assert Run.objects.filter(state=RunState.STOPPED).count() == 2
    assert stopper.runs.get().state == RunState.RUNNING
    assert lines_of(stopper)[0].startswith("Stopped 2 runs: journey ")


def test_who_is_in_no_such_journey_goes_on(make_journey: Any, candidate: Candidate):
    other = make_journey(THREE_DAYS, name="Reminders")
    stopper = make_journey(("stop_journey", naming(other, which="one")), name="Stopper")
    enroll(stopper.version, [candidate.pk], "By hand")

    until_nothing_is_due()

    assert lines_of(stopper) == ["Stopped nothing: the candidate was not in such a journey."]


def test_a_journey_of_itself_alone_is_no_problem_of_others(make_journey: Any):
    other = make_journey(THREE_DAYS, name="Reminders")
    starter = make_journey(("start_journey", naming(other)), name="Starter")

    assert starter.version
    assert problems_of(starter.version.parse(), starter.workspace) == {}
