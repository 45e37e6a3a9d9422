"""Versions that somebody edited by hand, or an older Belay wrote: nothing else stops for them."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from pipeline.candidates.models import Candidate, CandidateLabel, Label, Opening
from pipeline.journeys.engine.schedules import enroll_on_schedule
from pipeline.journeys.lifecycle import archive, pause, publish, resume
from pipeline.journeys.models import Journey, JourneyState, JourneyVersion, Run, RunState
from pipeline.journeys.models.listener import Listener
from pipeline.journeys.writing.enroll import enroll
from pipeline.tasks.models import Task
from pipeline.workspaces.models import User

from .conftest import MakeJourney, until_nothing_is_due, waits_are_over

CALL = ("create_task", {"type": "outbound_call"})
THREE_DAYS = ("wait", {"kind": "time", "number": 3, "unit": "days"})
SOME_BLOCK = {"b1": {"type": "create_task", "options": {"type": "outbound_call"}, "ways": {}}}
BROKEN: dict[str, Any] = {
    "no object": [],
    "no trigger": {"start": None, "blocks": {}},
    "a trigger without its folder": {"trigger": {"type": "folder", "options": {}}, "blocks": {}},
    "a schedule without a time": {"trigger": {"type": "schedule", "options": {}}, "blocks": {}},
    "a trigger that nobody knows": {"trigger": {"type": "full moon"}, "blocks": {}},
    "a way into nothing": {
        "trigger": {"type": "by_hand"},
        "start": "b9",
        "blocks": SOME_BLOCK,
    },
    "a block without its options": {
        "trigger": {"type": "by_hand"},
        "start": "b1",
        "blocks": {"b1": {"type": "wait", "options": {"kind": 7}, "ways": {"next": None}}},
    },
}


@pytest.fixture(params=BROKEN, ids=str)
def broken(request, make_journey: MakeJourney, owner: User, labels: list[Label]) -> Journey:
    """A live journey that a label triggers, with a version that no publishing would have made."""
    journey = make_journey(
        THREE_DAYS, trigger=("label", {"label": labels[0].pk}), name="Edited by hand"
    )
    version = JourneyVersion.objects.create(
        journey=journey, number=2, definition=BROKEN[request.param], published_by=owner
    )
    Journey.objects.filter(pk=journey.pk).update(version=version)
    journey.refresh_from_db()
    return journey


def test_others_that_the_same_label_triggers_go_on(
    broken: Journey, make_journey: MakeJourney, candidate: Candidate, labels: list[Label]
):
    sound = make_journey(CALL, trigger=("label", {"label": labels[0].pk}), name="Sound")

    CandidateLabel.objects.create(candidate=candidate, label=labels[0])
    until_nothing_is_due()
    enroll_on_schedule()

    assert Run.objects.get(journey=sound).state == RunState.FINISHED
    assert Task.objects.count() == 1
    assert not Run.objects.running().filter(journey=broken, due_at=None).exists()


def test_runs_in_it_stop_with_a_sentence(broken: Journey, candidate: Candidate):
    assert broken.version
    run = Run.objects.create(
        workspace=broken.workspace,
        journey=broken,
        version=broken.version,
        candidate=candidate,
        block="b1",
        entered_by="By hand",
        due_at=timezone.now() - timedelta(hours=1),
    )

    until_nothing_is_due()

    run.refresh_from_db()
    assert run.state == RunState.FAILED
    assert run.end_reason.endswith(".")
    assert [line.text for line in run.log.all()] == [run.end_reason]


def test_it_is_paused_resumed_mended_and_archived(
    broken: Journey, owner: User, candidate: Candidate, labels: list[Label]
):
    assert pause(broken, owner)
    assert resume(broken, owner)
    assert publish(broken, owner).number == 3
    CandidateLabel.objects.create(candidate=candidate, label=labels[0])
    until_nothing_is_due()
    assert Run.objects.get().version == broken.version
    assert archive(broken, owner)

    assert broken.state == JourneyState.ARCHIVED
    assert not Listener.objects.filter(journey=broken).exists()


def test_its_pages_open_all_the_same(broken: Journey, client, owner: User):
    client.force_login(owner)

    for page in ("", "edit/", "runs/", "versions/", "versions/compare/?old=1&new=2"):
        assert client.get(f"/journeys/{broken.pk}/{page}").status_code == 200, page
    assert client.get("/journeys/").status_code == 200


def test_an_older_version_that_is_broken_does_not_keep_its_runs_from_the_new_one(
    make_journey: MakeJourney, owner: User, candidate: Candidate, opening: Opening
):
    journey = make_journey(THREE_DAYS, CALL)
    old = JourneyVersion.objects.create(
        journey=journey, number=2, definition={"blocks": 7}, published_by=owner
    )
    Run.objects.create(
        workspace=journey.workspace,
        journey=journey,
        version=old,
        candidate=candidate,
        block="b1",
        entered_by="By hand",
        due_at=timezone.now() - timedelta(hours=1),
    )
    new = publish(journey, owner)
    other = Candidate.objects.create(
        workspace=journey.workspace,
        opening=opening,
        folder=candidate.folder,
        first_name="Bo",
    )

    enroll(new, [other.pk], "By hand")
    until_nothing_is_due()
    waits_are_over()
    until_nothing_is_due()

    states = dict(Run.objects.values_list("candidate", "state"))
    assert states == {candidate.pk: RunState.FAILED, other.pk: RunState.FINISHED}
