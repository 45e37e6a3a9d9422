"""What each type of event makes, and what its fields become."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from pipeline.candidates.models import Candidate, Opening
from pipeline.outreach.models import Campaign, CampaignState, Priority
from pipeline.tasks.create import create_task
from pipeline.tasks.models import Task
from pipeline.tasks.models.actors import CancelSource, Creator, Origin
from pipeline.tasks.models.inbound_event import ApiToken, InboundEvent
from pipeline.tasks.models.rules import TaskRules
from pipeline.tasks.models.states import State
from pipeline.tasks.models.types import TaskType
from pipeline.tasks.signals import task_changed
from pipeline.workspaces.models import User, Workspace

from .conftest import Post

TOMORROW = (timezone.now() + timedelta(days=1)).replace(microsecond=0)


@pytest.mark.parametrize(
    ("fields", "type"),
    [
        ({"type": "inbound_call"}, TaskType.INBOUND_CALL),
        ({"type": "inbound_sms"}, TaskType.INBOUND_SMS),
        ({"type": "inbound_email"}, TaskType.INBOUND_EMAIL),
        ({"type": "voicemail"}, TaskType.VOICEMAIL),
        ({"type": "callback_requested"}, TaskType.ASAP_CALLBACK),
        (
            {"type": "callback_requested", "callback_at": TOMORROW.isoformat()},
            TaskType.SCHEDULED_CALLBACK,
        ),
        ({"type": "custom", "name": "Check the papers"}, TaskType.CUSTOM_TASK),
    ],
)
def test_an_event_makes_its_task(
    fields: dict[str, str], type: TaskType, call: Post, ana: Candidate, token: ApiToken
):
    answer = call(**fields)

    task, event = Task.objects.get(), InboundEvent.objects.get()
    assert answer.status_code == 201
    assert answer.json() == {"task": task.pk, "type": type, "candidate": ana.pk}
    assert (task.type, task.state, task.candidate) == (type, State.IN_QUEUE, ana)
    assert (task.origin, task.created_by_text) == (Origin.EVENT, "Phone system")
    assert task.due_at == (TOMORROW if "callback_at" in fields else None)
    assert (event.task, event.candidate, event.token) == (task, ana, token)
    assert (event.event_id, event.type, event.workspace) == (
        "call-1",
        fields["type"],
        ana.workspace,
    )


def test_what_is_told_stands_in_the_notes_in_the_workspaces_time(call: Post, workspace: Workspace):
    Workspace.objects.filter(pk=workspace.pk).update(time_zone="Asia/Manila")

    call(
        text="Night shift?\n",
        occurred_at="2026-11-01T23:30:00Z",
        recording_url="https://pbx.example.com/1.mp3",
    )
    call(id="2", type="inbound_email", subject="My papers", text="Hello")
    call(id="3", type="custom", name="Check", properties={"age": 33, "tags": ["ä", None], "a": "b"})

    notes = list(Task.objects.order_by("pk").values_list("notes", flat=True))
    assert notes == [
        "Night shift?\nRecording: https://pbx.example.com/1.mp3\nHappened: 2 Nov 2026, 07:30",
        "Subject: My papers\nHello",
        'Check\nage: 33\ntags: ["ä", null]\na: b',
    ]


def test_the_priority_is_the_events_else_the_campaigns(call: Post, campaign: Campaign):
    Campaign.objects.filter(pk=campaign.pk).update(priority=Priority.LOW)

    call(id="1", priority="urgent", campaign=campaign.short_id)
    call(id="2", campaign=campaign.short_id.lower())
    call(id="3")

    found = list(Task.objects.order_by("pk").values_list("priority", "campaign"))
    assert found == [
        (Priority.URGENT, campaign.pk),
        (Priority.LOW, campaign.pk),
        (Priority.NORMAL, None),
    ]


@pytest.mark.parametrize(
    "who",
    [
        {"phone": "+447700900123"},
        {"phone": "07700 900123"},
        {"phone": "0044 (0)7700-900123"},
        {"email": "Ana.Ruiz@Example.com"},
        {"email": "Ana Ruiz <ana.ruiz@example.com>"},
        {"email": "ana.ruiz@example.com", "phone": "07700900123"},
        {"email": "ana.ruiz@example.com", "phone": None, "candidate": ""},
    ],
)
def test_a_candidate_is_found_by_phone_and_email(who: dict[str, str], call: Post, ana: Candidate):
    answer = call(**{"candidate": ..., **who})

    assert (answer.status_code, answer.json()["candidate"]) == (201, ana.pk)


def test_of_two_who_share_a_phone_the_email_tells_which(
    call: Post, ana: Candidate, make_candidates: Any
):
    make_candidates(1, phone=ana.phone)

    answer = call(candidate=..., phone=ana.phone, email=ana.email)

    assert answer.json()["candidate"] == ana.pk


@pytest.fixture
def later(ana: Candidate, make_candidates: Any, other_opening: Opening) -> Candidate:
    """Ana's newer application, in Leeds."""
    found: Candidate = make_candidates(
        1, other_opening, full_name="Ana Ruiz", phone=ana.phone, email=ana.email
    ).get()
    return found


def test_of_several_applications_the_newest_counts_or_that_in_the_opening(
    call: Post, ana: Candidate, later: Candidate
):
    ways: list[dict[str, Any]] = [{}, {"opening": ana.opening_id}, {"opening": ana.opening.name}]
    answers = [
        call(id=str(number), candidate=..., phone=ana.phone, **way)
        for number, way in enumerate(ways)
    ]

    assert [answer.json()["candidate"] for answer in answers] == [later.pk, ana.pk, ana.pk]


# --- a canceled callback ---


def waiting(candidate: Candidate, *types: TaskType) -> list[Task]:
    return [
        create_task(candidate, type, Creator.event("x"), due_at=timezone.now()) for type in types
    ]


def test_a_canceled_callback_takes_back_what_waits_and_makes_nothing(
    call: Post, ana: Candidate, make_candidates: Any, agent: User, no_limit: None
):
    asap, timed, accepted, _ = waiting(
        ana,
        TaskType.ASAP_CALLBACK,
        TaskType.SCHEDULED_CALLBACK,
        TaskType.ASAP_CALLBACK,
        TaskType.INBOUND_CALL,
    )
    waiting(make_candidates(1).get(), TaskType.ASAP_CALLBACK)
    accepted.accept(agent)

    answer = call(type="callback_canceled", text="Found a job")

    assert answer.status_code == 201
    assert answer.json() == {
        "task": None,
        "type": "callback_canceled",
        "candidate": ana.pk,
        "canceled": [asap.pk, timed.pk],
    }
    assert set(Task.objects.past().values_list("pk", flat=True)) == {asap.pk, timed.pk}
    asap.refresh_from_db()
    assert (asap.cancel_source, asap.cancel_reason) == (CancelSource.CANDIDATE, "Found a job")
    assert asap.canceled_by_text == "Ana Ruiz"
    assert Task.objects.count() == 5
    assert InboundEvent.objects.get().canceled == [asap.pk, timed.pk]


def test_a_canceled_callback_is_that_of_the_application_that_has_one(
    call: Post, ana: Candidate, later: Candidate
):
    (task,) = waiting(ana, TaskType.ASAP_CALLBACK)

    first = call(id="1", type="callback_canceled", candidate=..., phone=ana.phone)
    second = call(id="2", type="callback_canceled", candidate=..., phone=ana.phone)

    assert (first.json()["candidate"], first.json()["canceled"]) == (ana.pk, [task.pk])
    assert (second.json()["candidate"], second.json()["canceled"]) == (later.pk, [])
    task.refresh_from_db()
    assert task.cancel_reason_text == "The candidate no longer wants to be called back."


# --- what can't be ---


def test_a_loop_of_events_is_stopped(call: Post, workspace: Workspace):
    TaskRules.objects.create(workspace=workspace, most_waiting=1)
    call(id="1")

    answer = call(id="2")

    assert answer.status_code == 201
    assert answer.json()["text"].startswith(
        "The candidate already has 1 waiting task of the type Inbound Call, the most your workspace"
        " allows."
    )
    assert (answer.json()["task"], answer.json()["reason"]) == (None, "task.enough_waiting")
    assert (Task.objects.count(), InboundEvent.objects.count()) == (1, 2)


@pytest.mark.parametrize(
    ("change", "type", "complaint"),
    [
        ({}, "inbound_sms", "does not fit"),
        ({"state": CampaignState.DRAFT}, "inbound_call", "is a draft"),
        ({"work": "automated"}, "inbound_call", "is automated"),
    ],
)
def test_a_campaign_has_to_fit(
    change: dict[str, str], type: str, complaint: str, call: Post, campaign: Campaign
):
    Campaign.objects.filter(pk=campaign.pk).update(name="Win back", **change)

    answer = call(type=type, campaign=campaign.short_id)

    assert (answer.status_code, list(answer.json()["errors"])) == (422, ["campaign"])
    assert complaint in answer.json()["errors"]["campaign"]
    assert answer.json()["codes"]["campaign"].startswith("task.campaign_")
    assert not InboundEvent.objects.exists()


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"candidate": 4_000_000_000}, ["candidate"]),
        ({"candidate": ..., "phone": "+447700900999"}, ["phone"]),
        ({"candidate": ..., "email": "nobody@example.com"}, ["email"]),
        ({"phone": "+447700900999"}, ["candidate", "phone"]),
        ({"opening": 4_000_000_000}, ["opening"]),
        ({"opening": "Baker"}, ["opening"]),
        ({"opening": "Warehouse, Leeds"}, ["candidate"]),  # she did not apply there
        ({"campaign": "C999999999"}, ["campaign"]),
    ],
)
def test_what_is_not_there_is_told(
    fields: dict[str, Any], wrong: list[str], call: Post, other_opening: Opening
):
    answer = call(**fields)

    assert (answer.status_code, list(answer.json()["errors"])) == (422, wrong)
    assert not Task.objects.exists()
    assert not InboundEvent.objects.exists()


def test_nothing_of_another_workspace_is_reached(call: Post, stranger: User, ana: Candidate):
    theirs = Candidate.objects.filter(workspace=stranger.membership.workspace)[0]
    campaign = Campaign.objects.launch(
        theirs.workspace, name="Theirs", channel="phone", state=CampaignState.READY
    )
    (task,) = waiting(theirs, TaskType.ASAP_CALLBACK)
    Candidate.objects.filter(pk=theirs.pk).update(phone="+4721234567")

    answers = {
        "candidate": call(candidate=theirs.pk),
        "phone": call(candidate=..., phone="+4721234567"),
        "email": call(candidate=..., email=theirs.email),
        "opening": call(opening=theirs.opening_id),
        "campaign": call(campaign=campaign.short_id),
    }
    by_name = call(opening=theirs.opening.name)
    canceled = call(type="callback_canceled", candidate=theirs.pk)

    for field, answer in answers.items():
        assert (answer.status_code, list(answer.json()["errors"])) == (422, [field])
        assert answer.json()["errors"][field].startswith("There is no ")
        assert theirs.full_name not in answer.content.decode()
    assert (by_name.status_code, canceled.status_code) == (422, 422)
    task.refresh_from_db()
    assert task.is_waiting
    assert Task.objects.get() == task
    assert not InboundEvent.objects.exists()


def test_a_task_is_told_once_it_is_committed(call: Post, django_capture_on_commit_callbacks: Any):
    told: list[str] = []

    def hear(verb: str, **_: Any) -> None:
        told.append(verb)

    task_changed.connect(hear)
    with django_capture_on_commit_callbacks(execute=True):
        call()
        call()
        call(id="2", candidate=4_000_000_000)
    task_changed.disconnect(hear)

    assert told == ["create"]
