"""Publishing: what is said before, what has to be confirmed, and what becomes of the runs."""

from collections.abc import Callable
from typing import Any

import pytest

from pipeline.candidates.models import Candidate
from pipeline.journeys.models import Journey, Run, RunState
from pipeline.journeys.writing.enroll import enroll
from tests.journeys.conftest import MakeJourney, until_nothing_is_due

from .conftest import Draft, Editor, words

Open = Callable[[Journey], Editor]
D3 = {"kind": "time", "number": 3, "unit": "days"}
CALLS = {"scope": "type", "types": ["outbound_call"]}


@pytest.fixture
def travelling(make_journey: MakeJourney, candidate: Candidate) -> Journey:
    """Live, with a run that waits at its first block."""
    journey = make_journey(("wait", D3), ("cancel_task", CALLS))
    assert journey.version
    enroll(journey.version, [candidate.pk], "By hand")
    until_nothing_is_due()
    return journey


def test_the_first_version_says_what_will_be_live(draft: Draft, editor: Open, make_task: Any):
    make_task()
    open = editor(draft(b1=("cancel_task", None, CALLS)))

    page = open.get("publish/")
    response = open.post("publish/")

    assert "Would cancel 1 waiting task of 1 candidate now: 1 Outbound Call." in page
    assert "This is the first version." in page
    assert response["Location"] == f"/journeys/{open.journey.pk}/"
    assert open.journey.state == "live"
    assert str(open.journey.version) == "Converted v1"


def test_problems_are_in_the_way(draft: Draft, editor: Open):
    open = editor(draft(b1=("wait", None)))

    page = open.get("publish/")
    response = open.post("publish/")

    assert "Fix these problems first" in page
    assert ">Publish</button>" not in page
    assert response.status_code == 422
    assert open.journey.version is None


def test_all_tasks_takes_a_ticked_confirmation(draft: Draft, editor: Open):
    open = editor(draft(b1=("cancel_task", None, {"scope": "all"})))

    page = open.get("publish/")
    refused = open.post("publish/")
    was = open.journey.version
    open.post("publish/", confirm="b1")

    assert "Use it sparingly" in page
    assert "Tick the box to confirm" in page
    assert "Nothing was published. Read the points below and tick each one to confirm." in words(
        refused
    )
    assert was is None
    assert str(open.journey.version) == "Converted v1"
    assert "Tick the box to confirm" not in open.get("publish/")  # there is nothing to publish now


def test_only_what_was_seen_is_published(draft: Draft, editor: Open):
    open = editor(draft(b1=("wait", None, D3)))
    seen = open.journey.revision
    open.post("edit/add/", at="b1.next", type="exit")

    response = open.post("publish/", revision=seen)

    assert response.status_code == 422
    assert "Ana Ruiz has edited this journey in the meantime (Added Exit)" in words(response)
    assert open.journey.version is None


def test_what_changes_and_how_many_keep_the_old_version(travelling: Journey, editor: Open):
    open = editor(travelling)
    same = open.get("publish/")
    open.post("edit/blocks/b1/", kind="time", number="5", unit="days")
    open.post("edit/add/", at="b2.next", type="exit")

    page = open.get("publish/")

    assert "Nothing: the draft is the same as version 1." in same
    assert "<strong>Changed</strong>: Wait: 5 days" in page
    assert "“Wait: 3 days” became “Wait: 5 days”" in page
    assert "<strong>Added</strong>: Exit" in page
    assert "<strong>1</strong> run in progress stays on the version it started with." in page
    open.post("publish/")
    assert Run.objects.get().version.number == 1


def test_pause_resume_and_archive_say_in_numbers_what_happens(travelling: Journey, editor: Open):
    open = editor(travelling)

    asked = open.get("pause/")
    open.post("pause/")
    paused = open.journey.state
    again = open.get("pause/")
    open.post("resume/")
    resumed = open.journey.state
    farewell = open.get("archive/")
    open.post("archive/")

    assert "<strong>1</strong> run in progress takes no further steps." in asked
    assert (paused, resumed, open.journey.state) == ("paused", "live", "archived")
    assert "There is nothing to pause." in again
    assert "<strong>1</strong> run in progress will be stopped and can’t be resumed." in farewell
    assert Run.objects.get().state == RunState.STOPPED


def test_two_versions_beside_each_other(travelling: Journey, editor: Open):
    open = editor(travelling)
    open.post("edit/blocks/b2/delete/")
    open.post("edit/add/", at="b1.next", type="exit")
    open.post("publish/")

    page = open.get("versions/compare/?old=1&new=2")
    listed = open.get("versions/")

    assert "Version 1 and version 2" in page
    assert "Cancel Task: Outbound Call" in page
    assert "Version 2 <span" in listed
    assert open.client.get(open.address("versions/compare/?old=9")).status_code == 404


def test_a_removed_and_an_added_block_are_named(draft: Draft, editor: Open):
    open = editor(draft(b1=("wait", "b2", D3), b2=("cancel_task", None, CALLS)))
    open.post("publish/")
    open.post("edit/add/", at="b2.next", type="exit")
    open.post("edit/blocks/b2/delete/")

    page = open.get("versions/compare/")

    assert "<strong>Removed</strong>: Cancel Task: Outbound Call" in page
    assert "<strong>Added</strong>: Exit" in page


def test_how_many_stand_at_each_block_and_passed_it(
    travelling: Journey, editor: Open, make_candidates: Any, django_assert_max_num_queries: Any
):
    people = make_candidates(4)
    assert travelling.version
    enroll(travelling.version, [person.pk for person in people[:3]], "By hand")
    until_nothing_is_due()
    Run.objects.filter(candidate__in=people[:2]).update(due_at="2020-01-01T00:00Z")
    until_nothing_is_due()
    open = editor(travelling)

    with django_assert_max_num_queries(25):
        page = open.get("")

    wait, cancel = page.split('id="block-b2"')
    assert "<strong>2</strong> here now</span> <span><strong>2</strong> passed" in wait
    assert "<strong>0</strong> here now</span> <span><strong>2</strong> passed" in cancel
    assert "<strong>2</strong> runs in progress" in page
