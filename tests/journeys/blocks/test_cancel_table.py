"""The cancel table, through the runner: of every type, in every state, by every creator, with and
without a campaign, in this workspace and in another, what each scope of the block takes back."""

from typing import Any

import pytest
from django.db import transaction

from pipeline.candidates.models import Candidate, Opening
from pipeline.journeys.enrolling import enroll
from pipeline.journeys.models import Journey, Run, RunState
from pipeline.outreach.models import Channel, Message
from pipeline.tasks.models import Task
from pipeline.workspaces.models import User, Workspace
from tests.journeys.conftest import until_nothing_is_due
from tests.tasks.test_cancel_table import (
    SCOPES,
    campaigns_of,
    columns_of,
    is_to_be_canceled,
    one_of_each,
    rows,
)

from .conftest import last_line


@pytest.fixture
def campaigns(workspace: Workspace) -> list[Any]:
    return [None, *campaigns_of(workspace)]


@pytest.fixture
def tasks(
    candidate: Candidate,
    campaigns: list[Any],
    agent: User,
    make_candidates: Any,
    other_opening: Opening,
    stranger: User,
) -> list[Task]:
    """One of each for the candidate; as many for another one, and in another workspace."""
    foreign = Candidate.objects.filter(workspace=stranger.membership.workspace)[0]
    one_of_each(foreign, [None, *campaigns_of(foreign.workspace)], stranger)
    one_of_each(make_candidates(1, other_opening).get(), campaigns, agent)
    Message.objects.create(
        workspace_id=candidate.workspace_id, candidate=candidate, channel=Channel.SMS, address="+44"
    )
    return one_of_each(candidate, campaigns, agent)


def options_of(scope: str, campaigns: list[Any]) -> dict[str, Any]:
    named = {campaign.name: campaign for campaign in campaigns if campaign}
    if scope == "all":
        return {"scope": "all"}
    if scope.endswith("campaign"):
        campaign = named["Night" if scope == "sms campaign" else "Win back"]
        return {"scope": "campaign", "campaign": campaign.pk, "campaign_name": campaign.name}
    return {"scope": "type", "types": [scope]}


def spared_by(task: Task, scope: str) -> bool:
    """An agent has it, and it would have been taken back while it waited."""
    if task.state != "assigned":
        return False
    task.state = "in_queue"
    is_in_scope = is_to_be_canceled(task, scope)
    task.state = "assigned"
    return is_in_scope


def test_every_scope_takes_back_what_it_says_and_nothing_else(
    tasks: list[Task], campaigns: list[Any], candidate: Candidate, publish_block: Any
):
    before, messages = rows(), list(Message.objects.values())
    for scope in SCOPES:
        expected = {task.pk for task in tasks if is_to_be_canceled(task, scope)}
        with transaction.atomic():
            journey = publish_block("cancel_task", options_of(scope, campaigns))
            enroll(journey.version, [candidate.pk], "By hand")
            until_nothing_is_due()
            run = Run.objects.get(journey=journey)
            line, after, changed = last_line(run), rows(), columns_of(expected)
            transaction.set_rollback(True)

        assert expected, f"{scope} has nothing to cancel in this test"
        assert {pk for pk in before if after[pk] != before[pk]} == expected, scope
        assert run.state == RunState.FINISHED
        assert set(line.details["canceled"]) == expected
        assert set(line.details["spared"]) == {t.pk for t in tasks if spared_by(t, scope)}, scope
        noun = "task" if len(expected) == 1 else "tasks"
        assert line.text.startswith(f"Canceled {len(expected)} waiting {noun}: ")
        for pk in expected:
            row = changed[pk]
            assert (row["state"], row["cancel_source"]) == ("canceled", "journey")
            assert (row["canceled_by_journey_id"], row["canceled_by_run_id"]) == (
                journey.pk,
                run.pk,
            )
            assert (row["canceled_by_name"], row["canceled_by_journey_version"]) == ("One block", 1)
            assert row["canceled_by_block"].startswith("Cancel Task: ")
            assert row["cancel_reason"].startswith(f"Journey {journey.pk} “One block”: Cancel Task")
    assert list(Message.objects.values()) == messages


def test_a_reason_of_its_own(pass_block: Any, make_task: Any):
    task = make_task()

    pass_block("cancel_task", {"scope": "all", "reason": " The number is blocked. "})

    task.refresh_from_db()
    assert task.cancel_reason == "The number is blocked."


def test_many_candidates_each_lose_their_own_and_each_task_knows_its_run(
    publish_block: Any, make_candidates: Any, make_task: Any
):
    people = list(make_candidates(30))
    tasks = [make_task(candidate=one) for one in people]
    journey: Journey = publish_block("cancel_task", {"scope": "type", "types": ["outbound_call"]})
    assert journey.version
    enroll(journey.version, [one.pk for one in people[:20]], "By hand")

    until_nothing_is_due()

    runs = dict(Run.objects.values_list("candidate_id", "pk"))
    for task in tasks:
        task.refresh_from_db()
        assert task.is_canceled == (task.candidate_id in runs)
        assert task.canceled_by_run_id == runs.get(task.candidate_id)


def test_nothing_waited(pass_block: Any, candidate: Candidate):
    run = pass_block("cancel_task", {"scope": "all"})

    assert last_line(run).text == "Canceled nothing: no such task waited."
