"""The dialog of Create tasks: what it asks, offers and refuses."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from pipeline.bulk_actions.models import BulkAction
from pipeline.candidates.models import Candidate
from pipeline.outreach.models import Campaign, CampaignState, Priority
from pipeline.tasks.models import Task
from pipeline.tasks.models.types import TaskType
from pipeline.workspaces.models import Workspace
from pipeline.workspaces.models.audit import AuditEntry
from tests.pages import one_line
from tests.tasks.conftest import campaign as campaign
from tests.tasks.conftest import sms_campaign as sms_campaign

from .task_orders import NEW, START, create


@pytest.fixture
def filled(make_candidates: Any) -> dict[str, Any]:
    make_candidates(2)
    return {"operation": "create_tasks", "select": "all", "key": uuid4()}


def in_dialog(at: Any, workspace: Workspace) -> str:
    return f"{timezone.localtime(at, workspace.tz):%Y-%m-%dT%H:%M}"


def test_from_the_dialog_to_the_tasks(filled, client_of, recruiter, order, workspace, campaign):
    Workspace.objects.update(start_delay_seconds=0, time_zone="Pacific/Auckland")
    workspace.refresh_from_db()
    due = (timezone.now() + timedelta(days=3)).replace(second=0, microsecond=0)
    filled |= {
        "task_type": "scheduled_callback",
        "for_campaign": campaign.pk,
        "priority": "3",
        "due": in_dialog(due, workspace),
        "notes": "After the interview",
    }
    browser = client_of(recruiter)

    page = one_line(browser.get(NEW, filled))
    browser.post(START, filled)

    assert "<strong>2</strong> will be given a task." in page
    assert "Time in Pacific/Auckland." in page
    action = BulkAction.objects.get()
    order.finish(action)
    assert action.title == "Create tasks: Scheduled Callback, Win back"
    rows = Task.objects.values_list("type", "campaign", "priority", "due_at", "notes")
    told = ("scheduled_callback", campaign.pk, Priority.HIGH, due, "After the interview")
    assert list(rows) == [told, told]
    review = one_line(browser.get(action.get_absolute_url()))
    assert f"Priority: High. Due {timezone.localtime(due, workspace.tz):%-d %b %Y, %H:%M}" in review


@pytest.mark.parametrize(
    ("answers", "field", "complaint"),
    [
        ({}, "task_type", "required"),
        ({"task_type": "manual_outbound_call"}, "task_type", "not one of the available"),
        ({"task_type": "reminder"}, "due", "A Reminder needs a time. Enter when it is due."),
        (
            {"task_type": "scheduled_callback"},
            "due",
            "A Scheduled Callback needs a time. Enter when it is due.",
        ),
        ({"task_type": "voicemail", "due": "2020-01-01T10:00"}, "due", "has passed"),
        ({"task_type": "voicemail", "priority": "9"}, "priority", "not one of the available"),
        ({"task_type": "voicemail", "for_campaign": "sms"}, "for_campaign", "does not fit"),
        ({"task_type": "outbound_sms", "for_campaign": "phone"}, "for_campaign", "does not fit"),
        ({"task_type": "outbound_sms", "for_campaign": "draft"}, "for_campaign", "no draft"),
        ({"task_type": "outbound_sms", "for_campaign": "robot"}, "for_campaign", "agents' work"),
    ],
)
def test_what_can_t_be_is_refused_with_what_to_do(
    answers, field, complaint, filled, client_of, recruiter, workspace, campaign, sms_campaign
):
    campaigns = {"phone": campaign.pk, "sms": sms_campaign.pk}
    for name, fields in (("draft", {}), ("robot", {"work": "automated", "state": "ready"})):
        made = Campaign.objects.launch(workspace, name=name, channel="sms", **fields)
        campaigns[name] = made.pk
    if of := answers.get("for_campaign"):
        answers = answers | {"for_campaign": campaigns[of]}

    answer = client_of(recruiter).post(START, filled | answers)

    assert answer.status_code == 422
    assert complaint in " ".join(answer.context["order"].options.errors[field])
    assert not BulkAction.objects.exists()


def test_a_retry_of_what_was_due_in_the_past_asks_for_another_time(
    filled, client_of, recruiter, order, workspace
):
    Candidate.objects.update(phone="")
    past = timezone.now() - timedelta(hours=1)
    action = order(create(workspace, TaskType.SCHEDULED_CALLBACK, due=past.isoformat()))

    query = {"of": action.pk, "select": "failed"}
    page = client_of(recruiter).get(NEW, query).content.decode()

    assert "This time has passed." in page


def test_no_manual_type_is_offered_and_no_foreign_campaign(
    filled, client_of, recruiter, campaign, stranger
):
    Campaign.objects.launch(
        stranger.membership.workspace, name="Theirs", channel="phone", state=CampaignState.READY
    )

    page = client_of(recruiter).get(NEW, filled).content.decode()

    assert "C1 Win back" in page
    assert "Theirs" not in page
    assert "Manual Outbound Call" not in page


def test_an_order_of_it_is_in_the_audit(filled, client_of, recruiter):
    client_of(recruiter).post(START, filled | {"task_type": "voicemail"})

    entry = AuditEntry.objects.get()
    assert (entry.verb, entry.subject) == ("started", "Create tasks: Voicemail (2 selected)")
