"""The dialog of Cancel waiting tasks: what it asks, offers and refuses."""

from typing import Any
from uuid import uuid4

import pytest

from pipeline.bulk_actions.models import BulkAction
from pipeline.outreach.models import Campaign, CampaignState
from pipeline.tasks.models import Task
from pipeline.tasks.models.actors import CancelSource
from pipeline.tasks.models.types import TaskType
from pipeline.workspaces.models import User, Workspace
from pipeline.workspaces.models.audit import AuditEntry
from tests.pages import one_line
from tests.tasks.conftest import campaign as campaign

from .task_cancels import wait
from .task_orders import NEW, START


@pytest.fixture
def filled(make_candidates: Any) -> dict[str, Any]:
    for one in make_candidates(2):
        wait(one, TaskType.OUTBOUND_CALL, TaskType.VOICEMAIL)
    return {"operation": "cancel_tasks", "select": "all", "key": uuid4(), "reason": "No longer"}


@pytest.mark.parametrize(
    ("answers", "title"),
    [
        ({"scope": "all"}, "all"),
        (
            {"scope": "types", "task_types": ["outbound_call", "voicemail"]},
            "Outbound Call, Voicemail",
        ),
        ({"scope": "campaign", "of_campaign": "campaign"}, "Win back"),
        # What belongs to another scope than the chosen one counts for nothing.
        ({"scope": "types", "task_types": ["voicemail"], "of_campaign": "campaign"}, "Voicemail"),
    ],
)
def test_from_the_dialog_to_the_canceled_tasks(
    answers, title, filled, client_of, recruiter, order, campaign
):
    Workspace.objects.update(start_delay_seconds=0)
    if "of_campaign" in answers:
        answers = answers | {"of_campaign": campaign.pk}
    Task.objects.filter(type="outbound_call").update(campaign=campaign)
    browser = client_of(recruiter)

    page = one_line(browser.get(NEW, filled | answers))
    browser.post(START, filled | answers)

    action = BulkAction.objects.get()
    order.finish(action)
    assert action.title == f"Cancel waiting tasks: {title}"
    assert "<strong>2</strong> will be freed of waiting tasks." in page
    canceled = Task.objects.filter(state="canceled")
    each = 2 if title in ("all", "Outbound Call, Voicemail") else 1
    assert canceled.count() == each * 2
    assert f"{each * 2} waiting tasks would be canceled: " in page
    assert set(canceled.values_list("cancel_reason", "cancel_source")) == {
        ("No longer", CancelSource.BULK_ACTION)
    }
    entry = AuditEntry.objects.get()
    assert (entry.verb, entry.subject) == ("started", f"{action.title} (2 selected)")


@pytest.mark.parametrize(
    ("answers", "field", "complaint"),
    [
        ({}, "scope", "Choose which tasks are to be canceled."),
        ({"scope": "everything"}, "scope", "not one of the available choices"),
        ({"scope": "types"}, "task_types", "Choose at least one task type."),
        ({"scope": "campaign", "task_types": ["voicemail"]}, "of_campaign", "Choose the campaign"),
        ({"scope": "types", "task_types": ["manual_outbound_sms"]}, "task_types", "not one of the"),
        ({"scope": "all", "reason": " "}, "reason", "Say why the tasks are canceled."),
    ],
)
def test_what_can_t_be_is_refused_with_what_to_do(
    answers, field, complaint, filled, client_of, recruiter
):
    answer = client_of(recruiter).post(START, filled | answers)

    assert answer.status_code == 422
    assert complaint in " ".join(answer.context["order"].options.errors[field])
    assert complaint in answer.content.decode()
    assert not BulkAction.objects.exists()


def test_the_dialog_begins_with_a_reason_that_names_who_and_what(
    filled, client_of, recruiter, campaign, stranger
):
    Campaign.objects.launch(
        stranger.membership.workspace, name="Theirs", channel="phone", state=CampaignState.READY
    )
    del filled["reason"]

    page = one_line(client_of(recruiter).get(NEW, filled))

    assert "Canceled by Ana Ruiz with the bulk action “Cancel waiting tasks”." in page
    assert "including calls, messages and voicemails" in page
    assert "so it never waits" in page
    assert "C1 Win back" in page
    assert "Theirs" not in page
    assert "Manual Outbound" not in page


def test_every_role_that_starts_bulk_actions_may_and_agents_may_not(
    filled, client_of, recruiter: User, agent: User
):
    answers = filled | {"scope": "all"}

    assert client_of(agent).post(START, answers).status_code == 403
    assert client_of(recruiter).post(START, answers).status_code == 303
