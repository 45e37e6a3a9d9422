"""Candidates travel: they enter, take steps, wait, and come to an end that the log explains."""

from collections import Counter

from pipeline.candidates.models import Candidate, CandidateLabel, Label, Opening
from pipeline.journeys.lifecycle import publish
from pipeline.journeys.models import Run, RunState
from pipeline.journeys.writing.enroll import MOST_ENTRIES, enroll
from pipeline.tasks.models import Task
from pipeline.tasks.models.types import TaskType
from pipeline.workspaces.models import User

from .conftest import MakeJourney, until_nothing_is_due, waits_are_over

CALL = ("create_task", {"type": "outbound_call"})
THREE_DAYS = ("wait", {"kind": "time", "number": 3, "unit": "days"})
NO_CALLS = ("cancel_task", {"scope": "type", "types": ["outbound_call", "asap_callback"]})


def test_create_wait_and_cancel(make_journey: MakeJourney, candidate: Candidate):
    journey = make_journey(CALL, THREE_DAYS, NO_CALLS)

    assert journey.version
    enroll(journey.version, [candidate.pk], "By hand")
    until_nothing_is_due()
    task = Task.objects.get()
    assert task.is_waiting
    waits_are_over()
    until_nothing_is_due()

    task.refresh_from_db()
    run = Run.objects.get()
    assert task.is_canceled
    assert task.canceled_by_text == f"Journey {journey.pk} “Converted customers” v1"
    assert task.canceled_by_run_id == task.created_by_run_id == run.pk
    assert run.state == RunState.FINISHED
    assert [line.text for line in run.log.all()] == [
        f"Created task {task.pk}: Outbound Call",
        "Waits 3 days.",
        "The wait is over.",
        "Canceled 1 waiting task: Outbound Call.",
    ]


def test_an_accepted_task_stays_with_its_agent(
    make_journey: MakeJourney, candidate: Candidate, make_task, agent: User
):
    waiting, accepted = make_task(), make_task(TaskType.ASAP_CALLBACK)
    accepted.accept(agent)
    journey = make_journey(NO_CALLS)

    assert journey.version
    enroll(journey.version, [candidate.pk], "By hand")
    until_nothing_is_due()

    for task in (waiting, accepted):
        task.refresh_from_db()
    line = Run.objects.get().log.get()
    assert waiting.is_canceled
    assert accepted.is_assigned
    assert line.text == (
        "Canceled 1 waiting task: Outbound Call. Kept 1 that Chloe Tan had accepted: ASAP Callback."
    )
    assert line.details == {"canceled": [waiting.pk], "spared": [accepted.pk]}


def test_a_label_lets_a_candidate_enter(
    make_journey: MakeJourney, candidate: Candidate, labels: list[Label]
):
    make_journey(CALL, trigger=("label", {"label": labels[0].pk}))

    CandidateLabel.objects.create(candidate=candidate, label=labels[1])
    until_nothing_is_due()
    assert Task.objects.count() == 0
    CandidateLabel.objects.create(candidate=candidate, label=labels[0])
    until_nothing_is_due()

    assert Task.objects.get().candidate == candidate


def test_a_folder_lets_many_candidates_enter(
    make_journey: MakeJourney, make_candidates, opening: Opening
):
    shortlisted = opening.folders.get(kind="shortlisted")
    make_journey(CALL, trigger=("folder", {"folder": shortlisted.pk}))
    people = make_candidates(30)

    people.update(folder=shortlisted)
    until_nothing_is_due()

    assert Task.objects.count() == 30
    assert Run.objects.filter(state=RunState.FINISHED).count() == 30


def test_whoever_is_rejected_is_stopped(
    make_journey: MakeJourney, candidate: Candidate, opening: Opening
):
    journey = make_journey(THREE_DAYS, CALL)
    assert journey.version
    enroll(journey.version, [candidate.pk], "By hand")
    until_nothing_is_due()

    Candidate.objects.filter(pk=candidate.pk).update(folder=opening.folders.get(kind="rejected"))
    until_nothing_is_due()

    run = Run.objects.get()
    assert (run.state, run.end_reason) == (RunState.STOPPED, "The candidate was rejected.")


def test_nobody_enters_twice_who_may_not(make_journey: MakeJourney, candidate: Candidate):
    journey = make_journey(CALL)
    assert journey.version

    first = enroll(journey.version, [candidate.pk], "By hand")
    again = enroll(journey.version, [candidate.pk], "By hand")
    until_nothing_is_due()
    later = enroll(journey.version, [candidate.pk], "By hand")

    assert (first.entered, again.in_it, later.not_again) == (1, 1, 1)
    assert Run.objects.count() == 1


def test_a_circle_ends_with_a_line_that_tells_the_last_step_s_effect_too(
    make_journey: MakeJourney, candidate: Candidate, no_limit: None, owner: User
):
    journey = make_journey(CALL)
    blocks = journey.draft["blocks"]
    blocks["b1"]["ways"]["next"] = "b2"
    rule = {"kind": "has_task", "task_type": "outbound_call"}
    blocks["b2"] = {
        "type": "condition",
        "options": {"join": "all", "rules": [rule]},
        "ways": {"yes": "b1", "no": None},
    }
    journey.save(update_fields=["draft"])
    version = publish(journey, owner)

    enroll(version, [candidate.pk], "By hand")
    until_nothing_is_due(most=200)

    run = Run.objects.get()
    assert run.state == RunState.FAILED
    assert run.end_reason.startswith("Stopped after 100 steps in a row without a wait")
    assert (run.steps, run.log.count()) == (101, 101)
    last = run.log.latest("number")
    assert last.text.endswith(run.end_reason)
    assert last.details == {"task": Task.objects.latest("pk").pk}
    assert Task.objects.count() == 51


def test_a_journey_that_makes_its_own_candidates_enter_is_stopped(
    make_journey: MakeJourney, candidate: Candidate, labels: list[Label]
):
    german = [{"id": labels[1].pk, "name": "German"}]
    journey = make_journey(
        ("update_candidate", {"remove_labels": german}),
        ("update_candidate", {"add_labels": german}),
        trigger=("label", {"label": labels[1].pk}),
        reentry={"rule": "always"},
    )

    CandidateLabel.objects.create(candidate=candidate, label=labels[1])
    until_nothing_is_due(most=200)

    states = Counter(Run.objects.filter(journey=journey).values_list("state", flat=True))
    refused = Run.objects.get(state=RunState.FAILED)
    assert states == {RunState.FINISHED: MOST_ENTRIES, RunState.FAILED: 1}
    assert f"has entered this journey {MOST_ENTRIES} times within an hour" in refused.end_reason
    assert refused.log.get().text == refused.end_reason
