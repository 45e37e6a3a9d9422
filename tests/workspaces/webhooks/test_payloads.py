"""What is told: the same keys as in the guide's examples, each event once."""

import json
import time
from typing import Any

import pytest

from pipeline.bulk_actions.engine import lane
from pipeline.bulk_actions.models import BulkAction
from pipeline.candidates.models import Folder
from pipeline.outreach.models import Campaign, CampaignChannel, CampaignState
from pipeline.tasks.create import create_task
from pipeline.tasks.models import Disposition, Task
from pipeline.tasks.models.actors import Canceler, Creator, JourneyBlock
from pipeline.tasks.models.payloads import payloads_of
from pipeline.tasks.models.scopes import AllTasks
from pipeline.tasks.models.types import TaskType
from pipeline.workspaces.models import User, Workspace
from pipeline.workspaces.models.webhook import WebhookDelivery, WebhookEndpoint
from pipeline.workspaces.models.webhook_events import EVENTS
from pipeline.workspaces.webhooks import outbox
from tests.bulk_actions.conftest import start_move as start_move

AT = JourneyBlock(12, "Converted customers", 3, "Cancel Task: Outbound Call", 77)


@pytest.fixture(autouse=True)
def listening(workspace: Workspace) -> WebhookEndpoint:
    return WebhookEndpoint.objects.create(
        workspace=workspace, url="https://receiver.example", events=list(EVENTS)
    )


@pytest.fixture
def task(workspace: Workspace, make_candidates: Any) -> Task:
    campaign = Campaign.objects.launch(
        workspace, name="Win back", channel=CampaignChannel.PHONE, state=CampaignState.READY
    )
    candidate = make_candidates(1, full_name="Inger Svärd").get()
    return create_task(
        candidate,
        TaskType.OUTBOUND_CALL,
        Creator.journey(AT),
        campaign=campaign,
        notes="Her mother is ill",
    )


def told() -> list[tuple[str, Any]]:
    bodies = WebhookDelivery.objects.order_by("pk").values_list("body", flat=True)
    return [(body["type"], body["data"]) for body in map(json.loads, bodies)]


def shape(value: Any) -> Any:
    """The keys, at every depth."""
    if isinstance(value, dict):
        return {key: shape(each) for key, each in value.items()}
    return None


def test_a_tasks_life_is_told_as_the_guide_says(task: Task, agent: User):
    task.accept(agent)
    task.release(agent)
    task.accept(agent)
    task.complete(agent, Disposition.REACHED)

    (created, accepted, *_), completed = told()[:3], told()[-1]

    assert [event for event, _ in told()] == [
        "task.created",
        "task.accepted",
        "task.accepted",
        "task.completed",
    ]
    for event, data in (created, accepted, completed):
        assert shape(data) == shape(EVENTS[event].example), event
        assert "Her mother" not in str(data)
    assert created[1]["campaign"]["short_id"] == "C1"
    assert created[1]["created_by"]["journey"] == {
        "id": 12,
        "name": "Converted customers",
        "version": 3,
        "block": "Cancel Task: Outbound Call",
        "run": 77,
    }
    assert accepted[1]["agent"] == {"id": agent.pk, "name": "Chloe Tan"}
    assert accepted[1]["state"] == "assigned"
    assert completed[1]["disposition"] == "reached"
    assert completed[1]["completed_at"].endswith("Z")


def test_a_cancel_is_told_with_who_and_why(task: Task, agent: User):
    Task.objects.cancelable().cancel(AllTasks(), Canceler.journey(AT), "Converted")

    event, data = told()[-1]
    assert event == "task.canceled"
    assert shape(data) == shape(EVENTS[event].example)
    assert data["canceled_by"]["source"] == "journey"
    assert (data["canceled_by"]["reason"], data["canceled_by"]["code"]) == ("Converted", None)
    assert data["canceled_by"]["journey"]["version"] == 3
    assert (data["state"], data["completed_at"]) == ("canceled", None)
    assert data["canceled_at"]


def test_a_person_who_withdraws_it_is_told(task: Task, agent: User, admin_member: User):
    task.accept(agent)
    task.withdraw(admin_member, "Wrong list")

    event, data = told()[-1]
    assert event == "task.canceled"
    assert data["canceled_by"] == {
        "source": "admin",
        "id": admin_member.pk,
        "name": "Adam Nowak",
        "reason": "Wrong list",
        "code": None,
        "journey": None,
        "bulk_action": None,
    }


def test_a_verb_that_came_too_late_tells_nothing(task: Task, agent: User, admin_member: User):
    task.cancel(agent, "Hired elsewhere")
    before = told()

    assert not task.cancel(admin_member, "Wrong list")
    assert not task.accept(agent)

    assert told() == before


@pytest.fixture
def shortlisted(opening: Any, make_candidates: Any) -> Folder:
    make_candidates(5)
    folder: Folder = opening.folders.get(name="Shortlisted")
    return folder


def test_a_bulk_action_is_told_once_when_it_starts_and_once_when_it_ends(
    shortlisted: Folder, start_move: Any, settings: Any
):
    settings.PUBLIC_URL = "https://belay.acme.example/"
    action = start_move(shortlisted)

    lane.work_on(action.pk, 0)
    lane.work_on(action.pk, 0)

    (started, before), (ended, after) = told()
    assert (started, ended) == ("bulk_action.started", "bulk_action.ended")
    assert shape(before) == shape(EVENTS[started].example | {"canceled_by": None})
    assert (before["status"], after["status"]) == ("in_progress", "completed")
    assert (after["total"], after["changed"], after["untouched"]) == (5, 5, 0)
    assert after["started_by"]["name"] == "Ana Ruiz"
    assert after["link"] == f"https://belay.acme.example/bulk-actions/{action.pk}/"
    assert after["ended_at"] >= after["started_at"]


def test_one_that_is_canceled_in_the_queue_has_ended_without_a_start(
    shortlisted: Folder, start_move: Any, recruiter: User
):
    action = start_move(shortlisted)

    assert action.cancel(by=recruiter)
    assert not action.cancel(by=recruiter)
    lane.work_on(action.pk, 0)

    ((event, data),) = told()
    assert event == "bulk_action.ended"
    assert shape(data) == shape(EVENTS[event].example)
    assert (data["status"], data["untouched"]) == ("canceled", 5)
    assert data["canceled_by"] == {"id": recruiter.pk, "name": "Ana Ruiz"}


@pytest.mark.parametrize("end", ["halt", "fail"])
def test_every_other_end_is_told_with_its_reason(end: str, shortlisted: Folder, start_move: Any):
    action: BulkAction = start_move(shortlisted)
    action.start()

    assert getattr(action, end)("No SMS left this month.")

    event, data = told()[-1]
    assert event == "bulk_action.ended"
    assert data["failure"] == "No SMS left this month."


def test_where_nobody_listens_a_move_costs_one_query_more(
    shortlisted: Folder, start_move: Any, listening: WebhookEndpoint, django_assert_num_queries: Any
):
    listening.switch_off("Enough")
    action = start_move(shortlisted)

    with django_assert_num_queries(3):  # the conditional update, its result, and who listens
        action.move("start")

    assert told() == []


@pytest.mark.slow
def test_ten_thousand_are_told_of_in_seconds(task: Task, capsys: pytest.CaptureFixture[str]):
    """A set-based cancel with somebody who listens."""
    fields = {
        field.attname: getattr(task, field.attname)
        for field in Task._meta.concrete_fields
        if not field.primary_key
    }
    tasks = Task.objects.bulk_create(Task(**fields) for _ in range(10_000))
    WebhookDelivery.objects.all().delete()

    began = time.perf_counter()
    payloads = list(payloads_of([one.pk for one in tasks]))
    made = time.perf_counter() - began
    outbox.put(task.workspace_id, "task.canceled", payloads)
    took = time.perf_counter() - began

    with capsys.disabled():
        print(f"\n10,000 payloads made in {made:.2f} s, put in {took - made:.2f} s")
    assert WebhookDelivery.objects.count() == 10_000
    assert took < 60  # 1 s on a machine that does nothing else
