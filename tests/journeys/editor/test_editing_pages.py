"""The editor: what each click makes of the draft, what it answers, and how it is taken back."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from pipeline.candidates.models import Label, Opening
from pipeline.journeys.models import Journey, JourneyEdit
from pipeline.outreach.models import Campaign
from pipeline.workspaces.models import User, Workspace

from .conftest import Draft, Editor, words

Open = Callable[[Journey], Editor]
THREE_DAYS = {"kind": "time", "number": 3, "unit": "days"}
CALLS = {"scope": "type", "types": ["outbound_call"]}


def test_a_name_makes_an_empty_draft(client_of: Any, recruiter: User):
    client = client_of(recruiter)

    response = client.post("/journeys/new/", {"name": " Converted  customers "})

    journey = Journey.objects.get()
    assert response["Location"] == f"/journeys/{journey.pk}/edit/"
    assert (journey.name, journey.state, journey.created_by) == (
        "Converted customers", "draft", recruiter,
    )  # fmt: skip
    assert "The journey has no blocks yet" in words(client.get(response["Location"]))


def test_two_journeys_have_not_the_same_name(client_of: Any, recruiter: User, draft: Draft):
    draft(name="Converted")

    response = client_of(recruiter).post("/journeys/new/", {"name": "converted"})

    assert response.status_code == 422
    assert "There is already a journey called “converted”." in words(response)


def test_a_block_is_added_where_it_was_asked_for_and_its_form_opens(draft: Draft, editor: Open):
    open = editor(draft(b1=("wait", "b2", THREE_DAYS), b2=("cancel_task", None, CALLS)))

    response = open.post("edit/add/", at="b1.next", type="exit")
    refused = words(response)
    response = open.post("edit/add/", at="b1.next", type="create_task")

    assert "Nothing can follow this kind of block" in refused
    assert [node.id for node in open.now] == ["b1", "b3", "b2"]
    assert 'id="block-form"' in words(response)
    assert f'action="/journeys/{open.journey.pk}/edit/blocks/b3/"' in words(response)


def test_the_form_keeps_the_answers_and_shows_what_is_wrong(draft: Draft, editor: Open):
    open = editor(draft(b1=("wait", None)))

    refused = open.post("edit/blocks/b1/", kind="time", number="")
    response = open.post("edit/blocks/b1/", kind="time", number="3", unit="days")

    assert (refused.status_code, refused["HX-Retarget"]) == (422, "#panel")
    assert "Enter how long to wait." in words(refused)
    assert open.now.nodes["b1"].options["number"] == 3
    assert "3 days" in words(response)


def test_a_wait_for_an_event_gets_a_second_way(draft: Draft, editor: Open):
    open = editor(draft(b1=("wait", "b2", THREE_DAYS), b2=("exit", None)))

    open.post(
        "edit/blocks/b1/", kind="event", event="event", event_name="paid", at_most="2",
        at_most_unit="days",
    )  # fmt: skip

    assert open.now.nodes["b1"].ways == {"next": "b2", "timed_out": None}
    assert "Timed out" in open.get()


def test_moving_and_deleting(draft: Draft, editor: Open):
    open = editor(
        draft(
            b1=("wait", "b2", THREE_DAYS), b2=("cancel_task", "b3", CALLS), b3=("create_task", None)
        )
    )

    open.post("edit/blocks/b3/move/", to="up")
    moved_up = [node.id for node in open.now]
    open.post("edit/blocks/b1/move/", to="b2.next")
    moved_away = [node.id for node in open.now]
    open.post("edit/blocks/b3/delete/")

    assert moved_up == ["b1", "b3", "b2"]
    assert moved_away == ["b3", "b2", "b1"]
    assert [node.id for node in open.now] == ["b2", "b1"]


def test_deleting_a_block_with_ways_says_what_is_lost(draft: Draft, editor: Open):
    open = editor(
        draft(
            b1=("split", {"a": "b2", "b": "b3"}, {"shares": [50, 50]}),
            b2=("wait", None, THREE_DAYS),
            b3=("cancel_task", None, CALLS),
        )
    )

    asked = open.get("edit/blocks/b1/delete/")
    open.post("edit/blocks/b1/delete/", keep="b")

    assert "Also deletes Cancel Task: Outbound Call" in asked
    assert [node.id for node in open.now] == ["b3"]


def test_a_way_is_led_back_to_a_block_that_is_there(draft: Draft, editor: Open):
    open = editor(draft(b1=("wait", "b2", THREE_DAYS), b2=("cancel_task", None, CALLS)))

    response = open.post("edit/lead/", at="b2.next", to="b1")

    assert open.now.nodes["b2"].ways == {"next": "b1"}
    assert "continues at <strong>Wait: 3 days</strong>" in words(response)


def test_undo_says_what_it_takes_back_and_redo_does_it_again(draft: Draft, editor: Open):
    open = editor(draft())
    empty = open.now
    open.post("edit/add/", at=".start", type="wait")
    open.post("edit/blocks/b1/", kind="time", number="3", unit="days")
    full = open.now

    first = words(open.post("edit/undo/"))
    open.post("edit/undo/")
    all_undone = open.now
    nothing = open.post("edit/undo/")
    open.post("edit/redo/")
    last = words(open.post("edit/redo/"))

    assert "Undo: Added Wait" in first
    assert "Redo: Changed Wait" in first
    assert all_undone == empty
    assert (nothing.status_code, "There is nothing to undo." in words(nothing)) == (422, True)
    assert open.now == full
    assert "Undo: Changed Wait" in last
    assert "Redo:" not in last


def test_a_new_edit_ends_the_redo(draft: Draft, editor: Open):
    open = editor(draft())
    open.post("edit/add/", at=".start", type="wait")
    open.post("edit/undo/")

    open.post("edit/add/", at=".start", type="exit")

    assert "Redo" not in open.get()
    assert [edit.what for edit in JourneyEdit.objects.all()] == ["Added Exit"]


@pytest.mark.slow
def test_at_least_fifty_edits_can_be_taken_back(draft: Draft, editor: Open):
    open = editor(draft(b1=("wait", None, THREE_DAYS)))
    for number in range(1, 62):
        open.post("edit/blocks/b1/", kind="time", number=number, unit="hours")

    for _ in range(61):
        assert open.post("edit/undo/").status_code == 200

    assert open.now.nodes["b1"].options == THREE_DAYS


def test_whoever_edits_an_older_draft_is_told_who_did_what(
    draft: Draft, editor: Open, client_of: Any, colleague: User
):
    journey = draft()
    seen = journey.revision
    theirs = Editor(client_of(colleague), journey)
    theirs.post("edit/add/", at=".start", type="wait")

    response = editor(journey).post("edit/add/", at=".start", type="exit", revision=seen)

    assert response.status_code == 422
    assert "Ben Okafor has edited this journey in the meantime (Added Wait)." in words(response)
    assert [node.type for node in theirs.now] == ["wait"]
    assert "Not set up yet" in words(response)  # the flow as it is now


def test_an_undo_by_somebody_else_is_told_too(
    draft: Draft, editor: Open, client_of: Any, colleague: User
):
    journey = draft()
    editor(journey).post("edit/add/", at=".start", type="wait")
    seen = journey.revision
    Editor(client_of(colleague), journey).post("edit/undo/")

    response = editor(journey).post("edit/add/", at=".start", type="exit", revision=seen)

    assert "Ben Okafor has edited this journey in the meantime (Undid: Added Wait)." in words(
        response
    )


@pytest.mark.parametrize(
    ("answers", "trigger", "sentence"),
    [
        ({"type": "created"}, {}, "A candidate is created or imported"),
        ({"type": "label", "label": "label"}, {}, "The label “Night shift” is added"),
        (
            {"type": "folder", "folder": "folder"},
            {},
            "A candidate enters the folder “Hired” of Customer Support, Manila",
        ),
        (
            {"type": "event", "event_name": "paid", "property": "plan", "operator": "is",
             "value": "pro"},
            {"event_name": "paid", "property": "plan", "operator": "is", "value": "pro"},
            "The event “paid” arrives, and its plan is “pro”",
        ),
        (
            {"type": "schedule", "at_time": "09:00", "weekday": "0", "filter_q": "Ana"},
            {"filters": "q=Ana", "at_time": "09:00", "weekday": "0"},
            "Every Monday at 09:00: candidates matching “Ana”",
        ),
        (
            {"type": "schedule", "at_time": "09:00",
             "address": "https://belay.example/candidates/?source=Fair&before=3"},
            {"filters": "source=Fair", "at_time": "09:00", "weekday": ""},
            "Every day at 09:00: candidates from Fair",
        ),
    ],
)  # fmt: skip
def test_the_trigger_in_a_sentence(
    draft: Draft, editor: Open, labels: list[Label], opening: Opening,
    answers: dict[str, Any], trigger: dict[str, Any], sentence: str,
):  # fmt: skip
    names = {"label": labels[0].pk, "folder": opening.folders.get(name="Hired").pk}
    posted = {key: names.get(key, value) for key, value in answers.items()}
    open = editor(draft(b1=("wait", None, THREE_DAYS)))

    response = open.post("edit/trigger/", rule="after", days="30", **posted)

    assert response.status_code == 200
    assert open.now.trigger["summary"] == sentence
    assert open.now.trigger["options"].items() >= trigger.items()
    assert open.now.reentry == {"rule": "after", "days": 30}
    assert "problem" not in words(response)
    assert re.search(f'value="{answers["type"]}"[^>]*checked', open.get("edit/trigger/"))


@pytest.mark.parametrize(
    ("answers", "sentence"),
    [
        ({"type": "label"}, "Choose the label."),
        ({"type": "folder"}, "Choose the folder."),
        ({"type": "event"}, "Enter the name of the event."),
        ({"type": "schedule"}, "Choose a time of day."),
        ({"type": "schedule", "at_time": "09:00", "address": "?label=999999"}, "Label: "),
        ({"type": "by_hand", "rule": "after"}, "Enter the number of days."),
    ],
)
def test_a_trigger_that_is_not_all_said(
    draft: Draft, editor: Open, answers: dict[str, Any], sentence: str
):
    response = editor(draft()).post("edit/trigger/", **({"rule": "never"} | answers))

    assert response.status_code == 422
    assert sentence in words(response)


def test_nobody_uses_what_is_another_workspaces(
    draft: Draft, editor: Open, stranger: User, workspace: Workspace
):
    theirs = stranger.membership.workspace
    secret = theirs.labels.get()
    campaign = Campaign.objects.launch(theirs, name="Baking", channel="phone", state="ready")
    open = editor(draft(b1=("cancel_task", None)))

    label = open.post("edit/trigger/", type="label", label=secret.pk, rule="never")
    block = open.post("edit/blocks/b1/", scope="campaign", campaign=campaign.pk)

    assert (label.status_code, block.status_code) == (422, 422)
    assert "Baking" not in words(block)


def test_the_preview_follows_the_answers_and_saves_nothing(
    draft: Draft, editor: Open, make_task: Any
):
    make_task()
    open = editor(draft(b1=("cancel_task", None)))
    before = open.journey.revision

    response = open.post("edit/blocks/b1/preview/", scope="type", types=["outbound_call"])

    assert "Would cancel 1 waiting task of 1 candidate now: 1 Outbound Call." in words(response)
    assert open.journey.revision == before


def test_a_draft_that_cannot_be_read_can_be_begun_anew(draft: Draft, editor: Open):
    open = editor(draft())
    Journey.objects.update(draft={"blocks": [], "trigger": {"type": "created"}})

    page = open.get()
    refused = open.post("edit/add/", at=".start", type="wait")
    open.post("edit/reset/", to="empty")

    assert "This draft can’t be read" in page
    assert "The list of blocks must be an object." in page
    assert refused.status_code == 422
    assert open.now.nodes == {}
    open.post("edit/undo/")
    assert open.journey.draft["blocks"] == []


def test_an_archived_journey_is_not_edited(draft: Draft, editor: Open):
    open = editor(draft())
    Journey.objects.update(state="archived")

    response = open.post("edit/add/", at=".start", type="wait")

    assert "Converted is archived, so it can’t be edited any more." in words(response)
    assert open.now.nodes == {}
    assert "Undo" not in open.get()


def test_who_may_only_look_sees_no_button(
    draft: Draft, client_of: Any, support: User, limited: User
):
    journey = draft(b1=("wait", None, THREE_DAYS))

    for user in (support, limited):
        page = words(client_of(user).get(f"/journeys/{journey.pk}/edit/"))
        assert "3 days" in page
        assert "Add a block" not in page
        assert "Undo" not in page


def test_without_a_script_it_is_pages(draft: Draft, editor: Open):
    open = editor(draft())
    open.headers = {}

    response = open.post("edit/add/", at=".start", type="wait")
    panel = open.get("edit/blocks/b1/")

    assert response["Location"] == f"/journeys/{open.journey.pk}/edit/#block-b1"
    assert "<!doctype html>" in panel
    assert 'id="block-form"' in panel
