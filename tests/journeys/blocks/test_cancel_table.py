"""The cancel table, through the runner: of every type, in every state, by every creator, with and
without a campaign, in this workspace and in another, what each scope of the block takes back."""

from typing import Any

from django.db import transaction

from pipeline.candidates.models import Candidate
from pipeline.journeys.models import Journey, Run, RunState
from pipeline.journeys.writing.enroll import enroll
from pipeline.outreach.models import Message
from pipeline.tasks.models import Task
from pipeline.tasks.reasons import shown
from tests.journeys.conftest import until_nothing_is_due
from tests.tasks.test_cancel_table import SCOPES, columns_of, is_to_be_canceled, rows
from tests.tasks.test_cancel_table import campaigns as campaigns
from tests.tasks.test_cancel_table import everything as everything

from .conftest import last_line


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
    everything: list[Task], campaigns: list[Any], candidate: Candidate, publish_block: Any
):
    before, messages = rows(), list(Message.objects.values())
    for scope in SCOPES:
        expected = {task.pk for task in everything if is_to_be_canceled(task, scope)}
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
        assert set(line.details["spared"]) == {t.pk for t in everything if spared_by(t, scope)}, (
            scope
        )
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
            assert row["cancel_reason"] == "task.journey_block"
            sentence = shown(row["cancel_reason"], row["cancel_facts"])
            assert sentence.startswith(f"Journey {journey.pk} “One block”: Cancel Task: ")
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

    assert last_line(run).text == "Canceled nothing: there were no such waiting tasks."
