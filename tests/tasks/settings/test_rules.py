"""The owner's page of what keeps the queue clean."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from pipeline.tasks.models import Task
from pipeline.tasks.models.rules import TaskRules
from pipeline.workspaces.models import User, Workspace
from pipeline.workspaces.models.audit import AuditEntry
from tests.tasks.conftest import MakeTask

RULES = "/settings/tasks/"
ANSWERS = {"cancel_after_days": "14", "most_waiting": "5"}


@pytest.fixture
def page(client_of: Any, owner: User) -> Client:
    client: Client = client_of(owner)
    return client


@pytest.fixture
def nine_days_old(make_task: MakeTask) -> Task:
    task = make_task()
    Task.objects.filter(pk=task.pk).update(queued_at=timezone.now() - timedelta(days=9))
    return task


def audited() -> list[str]:
    return [f"{entry.verb} {entry.subject}" for entry in AuditEntry.objects.order_by("pk")]


def test_the_rules_are_set_with_a_line_in_the_audit(page: Client, workspace: Workspace):
    response = page.post(RULES, {"cancel_after_days": "30", "most_waiting": "2"})

    rules = TaskRules.of(workspace.pk)
    assert response["Location"] == RULES
    assert (rules.cancel_after_days, rules.most_waiting) == (30, 2)
    days = "days until a waiting task is canceled from 14 to 30"
    most = "max. waiting tasks per type and candidate from 5 to 2"
    assert audited() == [f"changed the task settings {days}; {most}"]


def test_nothing_changed_is_nothing_to_tell(page: Client):
    page.post(RULES, ANSWERS)

    assert audited() == []


def test_looking_makes_no_row(page: Client):
    assert 'value="14"' in page.get(RULES).content.decode()

    assert not TaskRules.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"cancel_after_days": "0"},
        {"cancel_after_days": "3651"},
        {"cancel_after_days": "soon"},
        {"cancel_after_days": ""},
        {"most_waiting": "0"},
        {"most_waiting": "1001"},
    ],
)
def test_what_is_wrong_is_said_at_the_field_and_nothing_is_saved(
    page: Client, wrong: dict[str, str]
):
    response = page.post(RULES, ANSWERS | {"cancel_after_days": "20"} | wrong)

    assert response.status_code == 422
    assert list(response.context["form"].errors) == list(wrong)
    assert not TaskRules.objects.exists()
    assert audited() == []


def test_a_shorter_time_that_would_cancel_tasks_at_once_is_asked_about_in_numbers(
    page: Client, nine_days_old: Task, workspace: Workspace
):
    response = page.post(RULES, ANSWERS | {"cancel_after_days": "7"})

    assert response.status_code == 422
    told = " ".join(response.content.decode().split())
    assert "<strong>1 task</strong> has already been waiting longer and would be canceled" in told
    assert not TaskRules.objects.exists()
    page.post(RULES, ANSWERS | {"cancel_after_days": "7", "agreed": "on"})
    assert TaskRules.of(workspace.pk).cancel_after_days == 7


@pytest.mark.parametrize("days", ["10", "14", "20"])
def test_a_time_that_cancels_nothing_is_not_asked_about(
    days: str, page: Client, nine_days_old: Task
):
    assert page.post(RULES, ANSWERS | {"cancel_after_days": days}).status_code == 302


@pytest.mark.parametrize("who", ["admin_member", "recruiter", "agent", "support"])
def test_only_an_owner_gets_in(who: str, request: Any, client_of: Any):
    client = client_of(request.getfixturevalue(who))

    assert client.get(RULES).status_code == 403
    assert client.post(RULES, ANSWERS).status_code == 403
    assert not TaskRules.objects.exists()
