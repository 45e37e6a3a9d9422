"""Condition: each kind of rule, what all and any make of them, and which rule decided."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from pipeline.candidates.models import Candidate, CandidateLabel, Label, Opening
from pipeline.journeys.blocks.condition import Condition
from pipeline.journeys.models import Run
from pipeline.journeys.writing.enroll import enroll
from pipeline.outreach import optouts
from pipeline.outreach.models import Channel, Message
from pipeline.tasks.models import Task
from pipeline.tasks.models.types import TaskType
from pipeline.workspaces.models import User, Workspace
from tests.journeys.conftest import until_nothing_is_due

from .conftest import last_line


def decide(candidate: Candidate, *rules: dict[str, Any], join: str = "all") -> tuple[str, str]:
    options = {"join": join, "rules": list(rules)}
    block = Condition(options)
    assert block.problems(candidate.workspace) == []
    way, reason = block.decide([candidate.pk], candidate.workspace)[candidate.pk]
    return way, str(reason)


def way(candidate: Candidate, **rule: Any) -> str:
    return decide(candidate, rule)[0]


@pytest.mark.parametrize(
    ("attributes", "operator", "value", "expected"),
    [
        ({"plan": "Pro"}, "is", "pro", "yes"),
        ({"Plan": "free"}, "is", "pro", "no"),
        ({}, "is_not", "pro", "yes"),
        ({"Plan": ["pro", "gold"]}, "contains", "gold", "yes"),
        ({"Plan": ""}, "is_set", "", "no"),
        ({}, "is_not_set", "", "yes"),
        ({"Plan": 10}, "at_least", "9", "yes"),
        ({"Plan": "10"}, "at_most", "9", "no"),
        ({"Plan": "many"}, "at_least", "9", "no"),
    ],
)
def test_an_attribute(
    candidate: Candidate, attributes: Any, operator: str, value: str, expected: str
):
    Candidate.objects.update(attributes=attributes)

    found = way(candidate, kind="attribute", name="PLAN", operator=operator, value=value)

    assert found == expected


def test_labels(candidate: Candidate, labels: list[Label]):
    CandidateLabel.objects.create(candidate=candidate, label=labels[0])

    assert way(candidate, kind="label", label=labels[0].pk) == "yes"
    assert way(candidate, kind="label", label=labels[1].pk) == "no"
    assert way(candidate, kind="not_label", label=labels[0].pk) == "no"
    assert way(candidate, kind="not_label", label=labels[1].pk) == "yes"


def test_folder_opening_recruiter_and_source(
    candidate: Candidate, opening: Opening, other_opening: Opening, recruiter: User, owner: User
):
    Candidate.objects.update(
        folder=opening.folders.get(kind="hired"), recruiter=recruiter.membership, source="Fair"
    )
    hired, inbox = opening.folders.get(kind="hired"), opening.folders.get(kind="inbox")

    assert way(candidate, kind="folder", folder=hired.pk) == "yes"
    assert way(candidate, kind="folder", folder=inbox.pk) == "no"
    assert way(candidate, kind="folder_kind", folder_kind="hired") == "yes"
    assert way(candidate, kind="folder_kind", folder_kind="inbox") == "no"
    assert way(candidate, kind="opening", opening=opening.pk) == "yes"
    assert way(candidate, kind="opening", opening=other_opening.pk) == "no"
    assert way(candidate, kind="recruiter", recruiter=recruiter.membership.pk) == "yes"
    assert way(candidate, kind="recruiter", recruiter=owner.membership.pk) == "no"
    assert way(candidate, kind="has_recruiter") == "yes"
    assert way(candidate, kind="no_recruiter") == "no"
    assert way(candidate, kind="source", operator="is", value="fair") == "yes"
    assert way(candidate, kind="source", operator="contains", value="web") == "no"


CALL: dict[str, Any] = {"task_type": "outbound_call"}


def test_tasks_that_a_candidate_had(candidate: Candidate, make_task: Any, agent: User):
    task = make_task()
    task.accept(agent)
    task.complete(agent, "no_answer")
    long_ago = timezone.now() - timedelta(days=5)
    Task.objects.update(ended_at=long_ago, created_at=long_ago)

    assert way(candidate, kind="had_task", **CALL) == "yes"
    assert way(candidate, kind="had_task", **CALL, task_state="completed") == "yes"
    assert way(candidate, kind="had_task", **CALL, task_state="completed", days=6) == "yes"
    assert way(candidate, kind="had_task", **CALL, task_state="completed", days=4) == "no"
    assert way(candidate, kind="had_task", **CALL, task_state="canceled") == "no"
    assert way(candidate, kind="had_task", task_type="asap_callback") == "no"


def test_tasks_that_a_candidate_has(candidate: Candidate, make_task: Any, agent: User):
    assert way(candidate, kind="has_task", **CALL) == "no"
    task = make_task()
    assert way(candidate, kind="has_task", **CALL) == "yes"
    task.accept(agent)
    assert way(candidate, kind="has_task", **CALL) == "yes"
    assert way(candidate, kind="has_no_task", **CALL) == "no"
    task.complete(agent, "reached")
    assert way(candidate, kind="has_task", **CALL) == "no"
    assert way(candidate, kind="has_no_task", **CALL) == "yes"


def test_the_last_disposition_of_a_type(candidate: Candidate, make_task: Any, agent: User):
    for disposition in ("no_answer", "reached"):
        task = make_task()
        task.accept(agent)
        task.complete(agent, disposition)
    other = make_task(TaskType.ASAP_CALLBACK)
    other.accept(agent)
    other.complete(agent, "wrong_number")

    assert way(candidate, kind="disposition", **CALL, disposition="reached") == "yes"
    assert way(candidate, kind="disposition", **CALL, disposition="no_answer") == "no"


@pytest.mark.parametrize(
    ("status", "expected"), [("sent", "yes"), ("unconfirmed", "yes"), ("failed", "no")]
)
def test_messages(candidate: Candidate, workspace: Workspace, status: str, expected: str):
    Message.objects.create(
        workspace=workspace, candidate=candidate, channel="sms", address="+44", status=status
    )
    Message.objects.update(created_at=timezone.now() - timedelta(days=5))
    opposite = {"yes": "no", "no": "yes"}[expected]

    assert way(candidate, kind="sent", channel="sms") == expected
    assert way(candidate, kind="sent", channel="sms", days=6) == expected
    assert way(candidate, kind="sent", channel="sms", days=4) == "no"
    assert way(candidate, kind="sent", channel="email") == "no"
    assert way(candidate, kind="not_sent", channel="sms", days=6) == opposite


def test_opt_outs(candidate: Candidate):
    optouts.opt_out(candidate.workspace, Channel.EMAIL, candidate.email)

    assert way(candidate, kind="opted_out", channel="email") == "yes"
    assert way(candidate, kind="opted_out", channel="sms") == "no"


FAIR = {"kind": "source", "operator": "is", "value": "Fair"}
PRO = {"kind": "attribute", "name": "Plan", "operator": "is", "value": "pro"}


@pytest.mark.parametrize(
    ("source", "plan", "join", "expected"),
    [
        ("Fair", "pro", "all", ("yes", "Yes: the source is “Fair” and Plan is “pro”.")),
        ("Fair", "", "all", ("no", "No: not met: Plan is “pro”.")),
        ("", "", "all", ("no", "No: not met: the source is “Fair”.")),
        ("", "pro", "any", ("yes", "Yes: Plan is “pro”.")),
        ("Fair", "pro", "any", ("yes", "Yes: the source is “Fair”.")),
        ("", "", "any", ("no", "No: none met: the source is “Fair” or Plan is “pro”.")),
    ],
)
def test_all_and_any_and_which_rule_decided(
    candidate: Candidate, source: str, plan: str, join: str, expected: tuple[str, str]
):
    Candidate.objects.update(source=source, attributes={"Plan": plan})

    assert decide(candidate, FAIR, PRO, join=join) == expected


def test_the_log_says_which_rule_decided(pass_block: Any, candidate: Candidate):
    Candidate.objects.update(source="Fair")

    run = pass_block("condition", {"join": "any", "rules": [PRO, FAIR]})

    line = last_line(run)
    assert (line.text, line.way) == ("Yes: the source is “Fair”.", "yes")


def test_hundreds_are_judged_in_a_few_queries(
    publish_block: Any, make_candidates: Any, labels: list[Label]
):
    people = make_candidates(300)
    for one in people[:100]:
        CandidateLabel.objects.create(candidate=one, label=labels[0])
    rules = [
        {"kind": "label", "label": labels[0].pk},
        FAIR,
        {"kind": "opted_out", "channel": "sms"},
    ]
    journey = publish_block("condition", {"join": "any", "rules": rules})
    enroll(journey.version, [one.pk for one in people], "By hand")

    with CaptureQueriesContext(
        connection,
    ) as queries:
        until_nothing_is_due()

    assert Run.objects.filter(log__way="yes").count() == 100
    assert Run.objects.filter(log__way="no").count() == 200
    assert len(queries) < 40


def test_the_form_asks_for_what_a_rule_lacks(workspace: Workspace):
    data = {"join": "all", "rule1": "label", "rule2": "attribute", "rule2_name": "Plan"}
    data |= {
        "rule2_operator": "at_least",
        "rule2_value": "many",
        "rule4": "sent",
        "rule4_days": "0",
    }

    errors = Condition.form(data, workspace=workspace).errors

    assert errors["rule1_label"] == ["Choose the label."]
    assert errors["rule2_value"] == ["“At least” and “at most” need a number."]
    assert errors["rule4_channel"] == ["Choose SMS or e-mail."]
    assert "rule4_days" in errors
