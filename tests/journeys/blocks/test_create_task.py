"""Create Task: what the agents then find, and the loop that it stops."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from pipeline.candidates.models import Candidate
from pipeline.journeys.blocks.create_task import CreateTask, CreateTaskForm
from pipeline.journeys.models import Journey, RunState
from pipeline.outreach.models import Campaign, Channel
from pipeline.outreach.optouts import opt_out
from pipeline.tasks.models import Task
from pipeline.tasks.models.rules import TaskRules
from pipeline.tasks.models.types import MANUAL, QUEUED, TaskType
from pipeline.workspaces.models import Workspace

from .conftest import last_line


@pytest.mark.parametrize("type", QUEUED)
def test_every_type_that_waits_is_created_as_the_journey_s(
    type: TaskType, pass_block: Any, candidate: Candidate
):
    options = {"type": type.value, "due_in": 3, "due_unit": "days", "notes": "Call gently"}

    run = pass_block("create_task", options)

    task = Task.objects.get()
    journey = Journey.objects.get()
    assert (task.type, task.candidate, task.notes) == (type, candidate, "Call gently")
    assert task.is_waiting
    assert task.due_at
    assert timedelta(days=2.99) < task.due_at - timezone.now() <= timedelta(days=3)
    assert task.created_by_text == f"Journey {journey.pk} “One block” v1"
    assert (task.created_by_run_id, task.origin) == (run.pk, "journey")
    assert task.created_by_block == f"Create Task: {type.label}"
    line = last_line(run)
    assert (line.text, line.details) == (
        f"Created task {task.pk}: {type.label}",
        {"task": task.pk},
    )


@pytest.mark.parametrize(("own", "expected"), [(None, 3), (4, 4)])
def test_the_priority_is_its_own_or_the_campaign_s(
    pass_block: Any, campaign: Campaign, own: Any, expected: int
):
    Campaign.objects.update(priority=3)
    options = {"type": "outbound_call", "campaign": campaign.pk, "priority": own}

    pass_block("create_task", options)

    task = Task.objects.get()
    assert (task.priority, task.campaign, task.due_at) == (expected, campaign, None)


def test_as_many_waiting_tasks_as_the_workspace_allows(
    pass_block: Any, workspace: Workspace, make_task: Any
):
    TaskRules.objects.create(workspace=workspace, most_waiting=2)
    for _ in range(2):
        make_task()

    run = pass_block("create_task", {"type": "outbound_call"})

    assert run.state == RunState.FAILED
    assert run.end_reason.startswith(
        "The candidate already has 2 waiting tasks of the type Outbound Call, the most"
    )
    assert Task.objects.count() == 2


@pytest.mark.parametrize(
    ("answers", "field", "sentence"),
    [
        (
            {"type": "scheduled_callback"},
            "due_in",
            "A Scheduled Callback needs a time. Enter when it is due.",
        ),
        (
            {"type": "inbound_email", "campaign": True},
            "campaign",
            "Inbound Email does not fit Win back. Choose a campaign with the channel E-mail.",
        ),
        ({"type": MANUAL[0].value}, "type", None),
        ({"type": "outbound_call", "due_in": -1}, "due_in", None),
        ({"type": "outbound_call", "due_in": 10_001}, "due_in", None),
    ],
)
def test_the_form_refuses(
    workspace: Workspace, campaign: Campaign, answers: Any, field: str, sentence: str | None
):
    data = {"due_unit": "hours"} | answers
    if answers.get("campaign"):
        data["campaign"] = campaign.pk

    errors = CreateTaskForm(data, workspace=workspace).errors

    assert list(errors) == [field]
    assert sentence is None or errors[field] == [sentence]


@pytest.mark.parametrize(
    ("type", "lacking", "problem"),
    [
        ("outbound_call", {"phone": ""}, "Has no phone number."),
        ("outbound_sms", {"phone": ""}, "Has no phone number."),
        ("inbound_email", {"email": ""}, "Has no e-mail address."),
    ],
)
def test_nobody_has_a_task_that_can_t_be_done_and_the_run_goes_on(
    pass_block: Any, candidate: Candidate, type: str, lacking: Any, problem: str
):
    Candidate.objects.update(**lacking)
    candidate.refresh_from_db()

    run = pass_block("create_task", {"type": type})

    assert (run.state, Task.objects.count()) == (RunState.FINISHED, 0)
    assert last_line(run).text == f"No task was created. {problem}"
    rehearsed = CreateTask({"type": type}).rehearse(candidate)
    assert (rehearsed.text, rehearsed.way) == (f"No task would be created. {problem}", "next")


def test_nobody_who_opted_out_has_an_agent_s_sms(pass_block: Any, candidate: Candidate):
    opt_out(candidate.workspace, Channel.SMS, candidate.phone)

    run = pass_block("create_task", {"type": "outbound_sms"})

    assert last_line(run).text == "No task was created. Has opted out of SMS."
    assert Task.objects.count() == 0
