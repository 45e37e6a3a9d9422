"""Tasks and campaigns in the admin site: looked at, and canceled by the verb of all."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from pipeline.outreach.models import Campaign
from pipeline.tasks import admin as task_admin
from pipeline.tasks.models import Task
from pipeline.tasks.models.actors import CancelSource
from pipeline.tasks.models.rules import AgentSkills, TaskRules
from pipeline.tasks.models.saved_filter import SavedFilter
from pipeline.tasks.models.states import State
from pipeline.tasks.models.types import TaskType
from pipeline.workspaces.models import User, Workspace
from pipeline.workspaces.models.audit import AuditEntry
from tests.tasks.conftest import MakeTask

LIST = "/admin/tasks/task/"


@pytest.fixture
def root(db: None) -> User:
    return User.objects.create_superuser("root@example.com", first_name="Root")


@pytest.fixture
def operator(client_of: Callable[[User], Client], root: User) -> Client:
    return client_of(root)


@pytest.fixture
def tasks(make_task: MakeTask, campaign: Campaign, agent: User) -> list[Task]:
    """Waiting, assigned, released and waiting again, canceled."""
    made = [make_task(campaign=campaign) for _ in range(4)]
    made[1].accept(agent)
    made[2].accept(agent)
    made[2].release(agent, "Lunch")
    made[3].cancel(agent, "Hired elsewhere")
    return made


def words(response: Any) -> str:
    return " ".join(response.content.decode().split())


def listed(operator: Client, query: str = "") -> list[int]:
    answer = operator.get(LIST + query)
    assert answer.status_code == 200
    return [task.pk for task in answer.context["cl"].result_list]


MODELS = [
    "tasks_task",
    "tasks_agentskills",
    "tasks_taskrules",
    "tasks_savedfilter",
    "outreach_campaign",
]


@pytest.mark.parametrize("model", MODELS)
def test_each_list_opens_and_each_object(
    model: str, operator: Client, tasks: Any, workspace: Workspace, agent: User
):
    TaskRules.objects.create(workspace=workspace)
    AgentSkills.objects.create(membership=agent.membership, types=["voicemail"])
    SavedFilter.objects.create(workspace=workspace, user=agent, name="Mine", query="state=canceled")
    app, name = model.split("_")
    one = admin.site.get_model_admin(
        next(m for m in admin.site._registry if m._meta.label_lower == f"{app}.{name}")
    ).model._default_manager.get_queryset()[0]

    pages = [f"/admin/{app}/{name}/", reverse(f"admin:{model}_change", args=[one.pk])]

    assert [operator.get(page).status_code for page in pages] == [200, 200]


def test_a_task_shows_who_did_what_to_it(operator: Client, tasks: list[Task]):
    canceled = words(operator.get(f"{LIST}{tasks[3].pk}/change/"))
    released = words(operator.get(f"{LIST}{tasks[2].pk}/change/"))

    assert "Journey 12 “Converted customers” v3" in canceled
    assert "Hired elsewhere" in canceled
    assert "Lunch" in released


def test_a_task_is_read_after_its_people_are_gone(operator: Client, tasks: list[Task], agent: User):
    agent.delete()

    assert operator.get(f"{LIST}{tasks[3].pk}/change/").status_code == 200
    assert operator.get(f"{LIST}{tasks[2].pk}/change/").status_code == 200
    assert len(listed(operator)) == 4


def test_nothing_can_be_added_changed_or_deleted(operator: Client, tasks: list[Task]):
    before = list(Task.objects.values())
    one = f"{LIST}{tasks[0].pk}/"

    answers = [
        operator.get(f"{LIST}add/"),
        operator.post(f"{one}change/", {"state": "completed", "notes": "x"}),
        operator.post(f"{one}delete/", {"post": "yes"}),
    ]

    assert [answer.status_code for answer in answers] == [403] * 3
    assert list(Task.objects.values()) == before


def test_the_list_is_filtered_and_found_by_ids(
    operator: Client, tasks: list[Task], make_task: MakeTask, make_candidates: Any
):
    others = make_task(TaskType.VOICEMAIL, candidate=make_candidates(1).get())

    assert listed(operator, "?state__exact=canceled") == [tasks[3].pk]
    assert listed(operator, "?type__exact=voicemail") == [others.pk]
    assert listed(operator, "?cancel_source__exact=agent") == [tasks[3].pk]
    assert listed(operator, f"?q={others.candidate_id}") == [others.pk]
    assert tasks[0].pk in listed(operator, f"?q={tasks[0].pk}")
    assert listed(operator, "?q=Inger") == []
    assert listed(operator, f"?q={'9' * 30}") == []


def test_only_the_newest_are_listed_and_older_ones_found(
    operator: Client, tasks: list[Task], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(task_admin, "NEWEST", 2)

    assert listed(operator) == [tasks[3].pk, tasks[2].pk]
    assert tasks[0].pk in listed(operator, f"?q={tasks[0].pk}")


@pytest.mark.parametrize("query", ["", "?state__exact=canceled", "?q=1"])
def test_no_page_counts_further_than_it_pages(query: str, operator: Client, tasks: list[Task]):
    with CaptureQueriesContext(connection) as queries:
        operator.get(LIST + query)

    counts = [each["sql"] for each in queries if "COUNT(" in each["sql"] and "task" in each["sql"]]
    assert counts
    assert all("LIMIT 10000" in sql for sql in counts)
    assert len(queries) < 15


def test_a_search_by_id_compares_numbers(operator: Client, tasks: list[Task]):
    with CaptureQueriesContext(connection) as queries:
        operator.get(f"{LIST}?q={tasks[0].pk}")

    assert not any("UPPER(" in each["sql"] for each in queries)


def cancel(operator: Client, tasks: list[Task], reason: str) -> str:
    chosen = {"action": "cancel_waiting", "_selected_action": [task.pk for task in tasks]}
    return words(operator.post(LIST, chosen | {"reason": reason}, follow=True))


def test_the_selected_that_wait_are_canceled_with_reason_and_name(
    operator: Client, tasks: list[Task], root: User, agent: User
):
    page = cancel(operator, tasks, " Made by mistake ")

    assert "2 canceled, 2 left unchanged (no longer waiting)." in page
    for task in tasks:
        task.refresh_from_db()
    assert [task.state for task in tasks] == [
        State.CANCELED,
        State.ASSIGNED,
        State.CANCELED,
        State.CANCELED,
    ]
    first = tasks[0]
    assert (first.cancel_reason, first.cancel_source) == ("Made by mistake", CancelSource.ADMIN)
    assert (first.canceled_by_id, first.canceled_by_name) == (root.pk, "Root")
    assert tasks[3].cancel_reason == "Hired elsewhere"
    entry = AuditEntry.objects.get()
    assert str(entry) == "Root canceled 2 waiting tasks: Made by mistake"


def test_without_a_reason_nothing_is_canceled(operator: Client, tasks: list[Task]):
    page = cancel(operator, tasks, "  ")

    assert "Enter a reason next to the action." in page
    assert Task.objects.waiting().count() == 2
    assert not AuditEntry.objects.exists()


def test_staff_of_a_workspace_see_and_cancel_there_alone(
    client_of: Any, stranger: User, tasks: list[Task]
):
    from django.contrib.auth.models import Permission

    User.objects.filter(pk=stranger.pk).update(is_staff=True)
    stranger.user_permissions.add(Permission.objects.get(codename="view_task"))
    staff = client_of(User.objects.get(pk=stranger.pk))

    assert listed(staff) == []
    cancel(staff, tasks, "Mine now")

    assert Task.objects.waiting().count() == 2


def test_staff_without_the_permission_to_look_can_t_cancel(client_of: Any, tasks: list[Task]):
    staff = User.objects.create(email="staff@example.com", is_staff=True)

    client_of(staff).post(
        LIST,
        {"action": "cancel_waiting", "_selected_action": [tasks[0].pk], "reason": "x"},
    )

    assert Task.objects.waiting().count() == 2


def test_a_campaign_s_name_and_priority_are_all_that_changes(operator: Client, campaign: Campaign):
    page = f"/admin/outreach/campaign/{campaign.pk}/"
    answers = {"name": "Come back", "priority": "4", "state": "draft", "channel": "sms"}

    operator.post(f"{page}change/", answers)
    operator.post(f"{page}delete/", {"post": "yes"})

    campaign.refresh_from_db()
    assert (campaign.name, campaign.priority) == ("Come back", 4)
    assert (campaign.state, campaign.channel) == ("ready", "phone")
    assert "changed the campaign" in str(AuditEntry.objects.get())


def test_what_operators_set_stands_in_the_audit(
    operator: Client, workspace: Workspace, agent: User
):
    operator.post(
        "/admin/tasks/taskrules/add/",
        {"workspace": workspace.pk, "cancel_after_days": "7", "most_waiting": "3"},
    )
    operator.post("/admin/tasks/agentskills/add/", {"membership": agent.membership.pk, "types": ""})

    assert [entry.verb for entry in AuditEntry.objects.order_by("pk")] == [
        "added the task rules",
        "added the agent skills",
    ]
    assert TaskRules.of(workspace.pk).cancel_after_days == 7
