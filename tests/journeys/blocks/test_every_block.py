"""What holds for every block: forms that take only what is the workspace's, sentences for garbage,
and rehearsals that touch nothing."""

import json
import random
from typing import Any

import pytest
from django.apps import apps
from django.core.serializers import serialize
from django.db import transaction
from django.http import QueryDict

from pipeline.candidates.models import Candidate, Label, Opening
from pipeline.journeys.blocks import BLOCKS
from pipeline.journeys.models import Journey, Run, RunState
from pipeline.journeys.writing.enroll import enroll
from pipeline.outreach.models import Campaign, Channel, MessageTemplate
from pipeline.workspaces.models import Role, User, Workspace
from pipeline.workspaces.models.webhook import WebhookEndpoint
from tests.conftest import join
from tests.journeys.conftest import until_nothing_is_due, waits_are_over
from tests.journeys.definitions import garbage

from .conftest import last_line

Answers = dict[str, Any]


def things_of(workspace: Workspace, owner: User) -> dict[str, Any]:
    """One of everything that a block may name."""
    opening = Opening.objects.create(workspace=workspace, name="Night Auditor, Porto")
    opening.add_default_folders()
    return {
        "label": Label.objects.create(workspace=workspace, name="Converted"),
        "folder": opening.folders.get(kind="shortlisted"),
        "opening": opening,
        "recruiter": join(workspace, Role.RECRUITER, f"Recruiter{workspace.pk} Moss").membership,
        "campaign": Campaign.objects.launch(
            workspace, name="Win them back", channel="phone", state="ready"
        ),
        "sms": MessageTemplate.objects.create(
            workspace=workspace, name="Text", channel=Channel.SMS, body="Call us, {first_name}."
        ),
        "email": MessageTemplate.objects.create(
            workspace=workspace,
            name="Mail",
            channel=Channel.EMAIL,
            subject="Hello",
            body="Dear {first_name}",
        ),
        "endpoint": WebhookEndpoint.objects.create(
            workspace=workspace, url="https://example.com/belay", events=["task.created"]
        ),
        "journey": Journey.objects.create(workspace=workspace, name="Other", created_by=owner),
    }


def good_answers(things: dict[str, Any]) -> dict[str, list[Answers]]:
    """For each block answers that its form takes, and that name everything that it may."""
    ids = {name: thing.pk for name, thing in things.items()}
    rules = [
        {"rule1": "label", "rule1_label": ids["label"]},
        {"rule1": "folder", "rule1_folder": ids["folder"]},
        {"rule1": "opening", "rule1_opening": ids["opening"]},
        {"rule1": "recruiter", "rule1_recruiter": ids["recruiter"]},
    ]
    return {
        "create_task": [
            {"type": "outbound_call", "campaign": ids["campaign"], "due_unit": "hours"},
            {"type": "reminder", "due_in": 3, "due_unit": "days", "priority": 4, "notes": "x"},
        ],
        "send_sms": [{"template": ids["sms"]}, {"template": ids["sms"], "not_sent_way": "on"}],
        "send_email": [{"template": ids["email"]}],
        "wait": [
            {"kind": "time", "number": 3, "unit": "days"},
            {"kind": "until", "on_date": "2027-03-28", "at_time": "09:00", "zone": "candidate"},
            {"kind": "until", "weekday": "0", "at_time": "09:00"},
            {"kind": "event", "event": "event", "event_name": "paid", "at_most": 2},
            {"kind": "event", "event": "label", "label": ids["label"]},
            {"kind": "event", "event": "folder", "folder": ids["folder"]},
        ],
        "condition": [
            *({"join": "all", **rule} for rule in rules),
            {
                "join": "any",
                "rule1": "attribute",
                "rule1_name": "Plan",
                "rule1_operator": "is",
                "rule1_value": "pro",
                "rule3": "sent",
                "rule3_channel": "sms",
                "rule3_days": 7,
                "rule5": "disposition",
                "rule5_task_type": "outbound_call",
                "rule5_disposition": "reached",
            },
        ],
        "split": [{"shares": "50, 30, 20"}],
        "update_candidate": [
            {"folder": ids["folder"]},
            {"add_labels": [ids["label"]], "attribute": "Plan", "value": "pro"},
            {"remove_labels": [ids["label"]], "folder_kind": "hired"},
            {"recruiter_change": "assign", "recruiter": ids["recruiter"]},
            {"recruiter_change": "nobody"},
        ],
        "cancel_task": [
            {"scope": "all"},
            {"scope": "type", "types": ["outbound_call", "outbound_sms"], "reason": "Converted"},
            {"scope": "campaign", "campaign": ids["campaign"]},
        ],
        "start_journey": [{"journey": ids["journey"]}],
        "stop_journey": [{"which": "one", "journey": ids["journey"]}, {"which": "others"}],
        "webhook": [{"endpoint": ids["endpoint"], "properties": "plan = pro\nsource = fair"}],
        "exit": [{"reason": "Done"}, {}],
    }


def posted(answers: Answers) -> QueryDict:
    data = QueryDict(mutable=True)
    for name, value in answers.items():
        data.setlist(name, [str(one) for one in (value if isinstance(value, list) else [value])])
    return data


@pytest.fixture
def mine(workspace: Workspace, owner: User) -> dict[str, Any]:
    return things_of(workspace, owner)


@pytest.fixture
def theirs(stranger: User) -> dict[str, Any]:
    return things_of(stranger.membership.workspace, stranger)


def options_of(type: str, answers: Answers, workspace: Workspace) -> dict[str, Any]:
    form = BLOCKS[type].form(posted(answers), workspace=workspace)
    assert form.is_valid(), (type, answers, form.errors)
    return form.options()


def everything() -> str:
    """All rows of all tables that matter here."""
    return "".join(
        serialize("json", model._default_manager.order_by("pk"))
        for app in ("candidates", "outreach", "tasks", "journeys", "workspaces")
        for model in apps.get_app_config(app).get_models()
        if model.__name__ != "CandidateSearch"
    )


def test_the_answers_are_of_every_block(mine: dict[str, Any]):
    assert set(good_answers(mine)) == set(BLOCKS)


@pytest.mark.parametrize("type", BLOCKS)
def test_options_are_json_without_problems_and_come_back_as_answers(
    type: str, mine: dict[str, Any], workspace: Workspace
):
    for answers in good_answers(mine)[type]:
        options = options_of(type, answers, workspace)
        block = BLOCKS[type](options)

        assert json.loads(json.dumps(options)) == options
        assert block.problems(workspace) == []
        assert block.summary
        again = BLOCKS[type].form.answers(options)
        filled = {name: value for name, value in again.items() if value not in (None, "", False)}
        assert options_of(type, filled, workspace) == options


@pytest.mark.parametrize("type", BLOCKS)
def test_a_form_takes_nothing_of_another_workspace(
    type: str, mine: dict[str, Any], theirs: dict[str, Any], workspace: Workspace
):
    naming = 0
    for good, foreign in zip(good_answers(mine)[type], good_answers(theirs)[type], strict=True):
        if good != foreign:
            naming += 1
            assert not BLOCKS[type].form(posted(foreign), workspace=workspace).is_valid(), foreign

    assert naming or type in ("split", "exit")


@pytest.mark.parametrize("type", BLOCKS)
def test_options_of_another_workspace_or_of_what_is_gone_are_a_problem(
    type: str,
    mine: dict[str, Any],
    theirs: dict[str, Any],
    workspace: Workspace,
    stranger: User,
):
    for good, foreign in zip(good_answers(mine)[type], good_answers(theirs)[type], strict=True):
        if good != foreign:
            options = options_of(type, foreign, stranger.membership.workspace)
            problems = BLOCKS[type](options).problems(workspace)

            assert problems, options
            assert "no longer" in problems[0]


EMPTY = {
    "create_task": "No task type is chosen.",
    "send_sms": "No template is chosen.",
    "send_email": "No template is chosen.",
    "wait": "Choose what to wait for.",
    "condition": "There are no rules yet. Choose at least one.",
    "split": "The percentages do not add up to 100.",
    "update_candidate": "Choose at least one change.",
    "cancel_task": "Choose which waiting tasks to cancel.",
    "start_journey": "No journey is chosen.",
    "stop_journey": "No journey is chosen.",
    "webhook": "No webhook is chosen.",
}


@pytest.mark.parametrize("type", BLOCKS)
def test_a_new_block_says_what_is_to_be_chosen(type: str, workspace: Workspace):
    assert BLOCKS[type]({}).problems(workspace) == ([EMPTY[type]] if type in EMPTY else [])
    if type in EMPTY:
        assert not BLOCKS[type].form(QueryDict(), workspace=workspace).is_valid()


@pytest.mark.parametrize("rounds", [8, pytest.param(200, marks=pytest.mark.soak)])
@pytest.mark.parametrize("type", BLOCKS)
def test_garbage_is_a_problem_and_never_an_error(
    type: str,
    rounds: int,
    mine: dict[str, Any],
    workspace: Workspace,
    candidate: Candidate,
    owner: User,
):
    chance = random.Random(type)
    for answers in good_answers(mine)[type]:
        good = options_of(type, answers, workspace)
        for _ in range(rounds):
            options = dict(good)
            for name in chance.sample(sorted(options), chance.randint(1, len(options))):
                options[name] = garbage(chance)
            block = BLOCKS[type](options)

            assert isinstance(block.summary, str), options
            assert all(isinstance(way, str) for way in block.ways), options
            problems = block.problems(workspace)
            assert all(isinstance(each, str) and each.strip() for each in problems), options
            assert isinstance(block.preview(workspace, owner), str)
            told = block.rehearse(candidate)
            assert told.text
            assert told.way in {"", *block.ways}
            if problems:
                assert told.way == "", options


@pytest.mark.parametrize("type", BLOCKS)
def test_a_rehearsal_touches_nothing(
    type: str, mine: dict[str, Any], workspace: Workspace, candidate: Candidate, make_task: Any
):
    make_task()
    before = everything()

    for answers in good_answers(mine)[type]:
        block = BLOCKS[type](options_of(type, answers, workspace))
        rehearsal = block.rehearse(candidate)

        assert rehearsal.text
        assert not rehearsal.text.startswith("The run would fail"), rehearsal.text
    assert everything() == before


@pytest.mark.parametrize("type", BLOCKS)
def test_what_goes_after_the_publishing_stops_the_run_with_a_sentence(
    type: str,
    mine: dict[str, Any],
    theirs: dict[str, Any],
    workspace: Workspace,
    pass_block: Any,
    publish_block: Any,
    candidate: Candidate,
):
    for good, foreign in zip(good_answers(mine)[type], good_answers(theirs)[type], strict=True):
        if good == foreign:
            continue  # it names nothing
        with transaction.atomic():
            journey = publish_block(type, options_of(type, good, workspace))
            enroll(journey.version, [candidate.pk], "By hand")
            forget(mine)
            until_nothing_is_due()

            run = Run.objects.get(journey=journey)
            assert run.state == RunState.FAILED, good
            assert "no longer" in run.end_reason
            assert last_line(run).text == run.end_reason
            transaction.set_rollback(True)


def forget(things: dict[str, Any]) -> None:
    """Delete or take away all that a block may name."""
    things["endpoint"].forget()
    for name in ("folder", "opening", "label", "recruiter", "campaign", "sms", "email", "journey"):
        type(things[name]).objects.filter(pk=things[name].pk).delete()


def test_a_wait_for_a_label_that_goes_meanwhile_ends_with_a_sentence(
    mine: dict[str, Any], workspace: Workspace, pass_block: Any
):
    options = options_of(
        "wait", {"kind": "event", "event": "label", "label": mine["label"].pk}, workspace
    )
    run = pass_block("wait", options)
    assert run.state == RunState.RUNNING
    mine["label"].delete()

    waits_are_over()
    until_nothing_is_due()

    run.refresh_from_db()
    assert (run.state, run.end_reason) == (
        RunState.FAILED,
        "The label “Converted” no longer exists.",
    )
