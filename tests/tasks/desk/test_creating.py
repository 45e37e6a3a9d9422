"""A task made by hand, and a callback: once, for who is seen, at a time that is still to come."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from pipeline.candidates.models import Candidate
from pipeline.outreach.models import Campaign
from pipeline.tasks.models import Disposition, Task
from pipeline.tasks.models.rules import TaskRules
from pipeline.tasks.models.types import MANUAL, TaskType
from pipeline.workspaces.models import User, Workspace
from tests.tasks.conftest import MakeTask

from .browsing import words
from .conftest import in_days

ClientOf = Callable[[User], Client]


def typed(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M")


def filled(candidate: Candidate, **fields: Any) -> dict[str, Any]:
    return {"candidate": candidate.pk, "key": str(uuid4()), "type": "custom_task", **fields}


@pytest.mark.parametrize("type", TaskType)
def test_each_type_is_made_and_the_manual_ones_are_had_at_once(
    type: TaskType, client_of: ClientOf, agent: User, candidate: Candidate
):
    data = filled(candidate, type=type, due_at=typed(in_days(1)), priority="3", notes="Ask her")

    answer = client_of(agent).post("/tasks/new/", data, follow=True)

    task = Task.objects.get()
    assert (task.type, task.priority, task.notes) == (type, 3, "Ask her")
    assert task.is_mine(agent) == (type in MANUAL)
    assert answer.redirect_chain[0][0] == task.get_absolute_url()
    assert ("It is assigned to you." if type in MANUAL else "It is waiting in the queue.") in words(
        answer
    )


def test_the_same_form_again_leads_to_the_same_task(
    client_of: ClientOf, agent: User, candidate: Candidate, workspace: Workspace
):
    TaskRules.objects.create(workspace=workspace, most_waiting=1)
    client, data = client_of(agent), filled(candidate)

    first, second = client.post("/tasks/new/", data), client.post("/tasks/new/", data)

    assert first["Location"] == second["Location"] == Task.objects.get().get_absolute_url()


@pytest.mark.django_db(transaction=True)
def test_a_double_click_makes_one_task(
    client_of: ClientOf, agent: User, candidate: Candidate, no_limit: None
):
    def press(data: dict[str, Any]) -> str:
        try:
            return client_of(agent).post("/tasks/new/", data)["Location"]
        finally:
            connection.close()

    for number in range(1, 6):
        data = filled(candidate)
        with ThreadPoolExecutor(2) as both:
            answers = set(both.map(press, [data, data]))

        assert (len(answers), Task.objects.count()) == (1, number)


def test_anothers_key_leads_to_nothing_of_theirs(
    client_of: ClientOf, agent: User, stranger: User, candidate: Candidate
):
    data = filled(candidate)
    client_of(agent).post("/tasks/new/", data)
    theirs = Candidate.objects.visible_to(stranger)[0]

    with pytest.raises(Exception, match="duplicate key"):
        client_of(stranger).post("/tasks/new/", data | {"candidate": theirs.pk})


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"key": ""}, "This form has expired, so nothing was created."),
        ({"type": ""}, "This field is required."),
        ({"type": "reminder"}, "A Reminder needs a time. Enter when it is due."),
        ({"due_at": "2020-01-01T10:00"}, "This time has passed."),
        ({"due_at": "tomorrow"}, "Enter a valid date/time."),
        (
            {"type": "inbound_sms", "campaign": "it"},
            "Inbound SMS does not fit Win back. Choose a campaign with the channel SMS.",
        ),
    ],
)
def test_bad_input_gets_a_sentence_and_keeps_what_was_typed(
    change: dict[str, str],
    sentence: str,
    client_of: ClientOf,
    agent: User,
    candidate: Candidate,
    campaign: Campaign,
):
    if "campaign" in change:
        change = change | {"campaign": str(campaign.pk)}

    answer = client_of(agent).post("/tasks/new/", filled(candidate, notes="Ask her", **change))

    assert answer.status_code == 422
    assert sentence in words(answer)
    assert "Ask her</textarea>" in words(answer)
    assert not Task.objects.exists()


def test_too_many_waiting_is_said_at_the_form(
    client_of: ClientOf, agent: User, candidate: Candidate, workspace: Workspace
):
    TaskRules.objects.create(workspace=workspace, most_waiting=1)
    client_of(agent).post("/tasks/new/", filled(candidate))

    answer = client_of(agent).post("/tasks/new/", filled(candidate))

    assert answer.status_code == 422
    assert (
        "already has 1 waiting task of the type Custom Task, the most your workspace allows"
        in words(answer)
    )


def test_the_campaign_gives_the_priority_where_none_is_chosen(
    client_of: ClientOf, agent: User, candidate: Candidate, campaign: Campaign
):
    Campaign.objects.filter(pk=campaign.pk).update(priority=4)

    client_of(agent).post(
        "/tasks/new/", filled(candidate, type="outbound_call", campaign=campaign.pk)
    )

    task = Task.objects.get()
    assert (task.campaign, task.priority) == (campaign, 4)


def test_a_candidate_is_found_among_those_that_are_seen(
    client_of: ClientOf,
    limited: User,
    candidate: Candidate,
    make_candidates: Any,
    other_opening: Any,
):
    make_candidates(1, other_opening, full_name="Inger Elsewhere")
    client = client_of(limited)

    for url in ("/tasks/new/?q=inger", "/tasks/new/candidates/?q=inger"):
        page = words(client.get(url))
        assert f"?candidate={candidate.pk}" in page
        assert "Elsewhere" not in page
    assert "No candidate matches “zzz”" in words(client.get("/tasks/new/candidates/?q=zzz"))


@pytest.mark.parametrize("pk", ["0", "x", "9" * 30, "²"])
def test_a_candidate_that_is_not_there_is_not_found(pk: str, client_of: ClientOf, agent: User):
    assert client_of(agent).get("/tasks/new/", {"candidate": pk}).status_code == 404


# --- callbacks ---


def test_a_callback_is_due_in_the_workspaces_time_and_completes_the_task(
    client_of: ClientOf, agent: User, make_task: MakeTask, campaign: Campaign, workspace: Workspace
):
    Workspace.objects.filter(pk=workspace.pk).update(time_zone="Asia/Manila")
    task = make_task(campaign=campaign, priority=3)
    task.accept(agent)
    tomorrow = timezone.now() + timedelta(days=1)
    data = {
        "due_at": f"{tomorrow:%Y-%m-%d}T10:30",
        "complete": "on",
        "notes": "After lunch",
        "key": uuid4(),
    }

    client_of(agent).post(f"/tasks/{task.pk}/callback/", data)

    task.refresh_from_db()
    made = Task.objects.exclude(pk=task.pk).get()
    assert (task.disposition, task.is_past) == (Disposition.CALLBACK_AGREED, True)
    assert (made.type, made.campaign, made.priority) == (TaskType.SCHEDULED_CALLBACK, campaign, 3)
    assert made.due_at == datetime(tomorrow.year, tomorrow.month, tomorrow.day, 2, 30, tzinfo=UTC)
    assert (made.notes, made.created_by_text) == ("After lunch", "Chloe Tan")


def test_a_callback_alone_leaves_the_task(client_of: ClientOf, agent: User, make_task: MakeTask):
    task = make_task()
    task.accept(agent)
    data = {"due_at": typed(in_days(2)), "key": uuid4()}

    for _ in range(2):
        client_of(agent).post(f"/tasks/{task.pk}/callback/", data)

    task.refresh_from_db()
    assert task.is_mine(agent)
    assert Task.objects.count() == 2


def test_a_callback_in_the_past_is_refused(client_of: ClientOf, agent: User, make_task: MakeTask):
    task = make_task()
    task.accept(agent)
    data = {"due_at": typed(in_days(-1)), "complete": "on", "key": uuid4()}

    answer = client_of(agent).post(f"/tasks/{task.pk}/callback/", data)

    assert answer.status_code == 422
    assert "This time has passed. Choose a time in the future." in words(answer)
    assert Task.objects.get().is_assigned


def test_no_callback_where_the_task_it_was_to_complete_was_taken_back(
    client_of: ClientOf, agent: User, admin_member: User, make_task: MakeTask
):
    task = make_task()
    task.accept(agent)
    task.withdraw(admin_member, "Hired elsewhere")
    data = {"due_at": typed(in_days(1)), "complete": "on", "key": uuid4()}

    answer = client_of(agent).post(f"/tasks/{task.pk}/callback/", data)

    assert answer.status_code == 422
    assert "No callback was scheduled. Adam Nowak canceled it at " in words(answer)
    assert Task.objects.count() == 1
