"""Webhook: a delivery is written with the step, signed and sent by the outgoing webhooks."""

import json
from typing import Any

import pytest

from pipeline.candidates.models import Candidate, CandidateLabel, Label
from pipeline.journeys.models import Journey, RunState
from pipeline.journeys.writing.enroll import enroll
from pipeline.workspaces.models import Workspace
from pipeline.workspaces.models.webhook import WebhookDelivery, WebhookEndpoint
from pipeline.workspaces.models.webhook_events import JOURNEY
from tests.journeys.conftest import until_nothing_is_due

from .conftest import last_line


@pytest.fixture
def endpoint(workspace: Workspace) -> WebhookEndpoint:
    return WebhookEndpoint.objects.create(
        workspace=workspace,
        url="https://example.com/belay",
        description="Payroll",
        events=["task.created"],
    )


@pytest.fixture
def options(endpoint: WebhookEndpoint) -> dict[str, Any]:
    properties = {"plan": "pro"}
    return {"endpoint": endpoint.pk, "endpoint_name": "Payroll", "properties": properties}


def test_one_delivery_for_each_run_to_the_endpoint_that_is_named(
    pass_block: Any,
    options: dict[str, Any],
    endpoint: WebhookEndpoint,
    candidate: Candidate,
    labels: list[Label],
    workspace: Workspace,
):
    CandidateLabel.objects.create(candidate=candidate, label=labels[1])
    WebhookEndpoint.objects.create(
        workspace=workspace, url="https://other.example.com/", events=["task.created"]
    )

    run = pass_block("webhook", options)

    delivery = WebhookDelivery.objects.get()
    assert (delivery.endpoint, delivery.event, delivery.state) == (endpoint, JOURNEY, "pending")
    told = json.loads(delivery.body)
    journey = Journey.objects.get()
    assert told["type"] == "journey.webhook"
    assert told["data"]["candidate"]["id"] == candidate.pk
    assert told["data"]["candidate"]["labels"] == ["German"]
    assert told["data"]["journey"] == {"id": journey.pk, "name": "One block", "version": 1}
    assert told["data"]["run"] == run.pk
    assert told["data"]["block"] == {"id": "b1", "label": "Webhook: Payroll"}
    assert told["data"]["properties"] == {"plan": "pro"}
    line = last_line(run)
    assert line.text == f"Sent to Payroll, delivery {delivery.pk}."
    assert line.details == {"delivery": delivery.pk}
    assert run.state == RunState.FINISHED


def test_each_run_is_told_in_a_delivery_of_its_own(
    publish_block: Any, options: dict[str, Any], make_candidates: Any
):
    people = make_candidates(20)
    journey = publish_block("webhook", options)
    enroll(journey.version, [one.pk for one in people], "By hand")

    until_nothing_is_due()

    for run in journey.runs.all():
        delivery = WebhookDelivery.objects.get(pk=last_line(run).details["delivery"])
        assert json.loads(delivery.body)["data"]["candidate"]["id"] == run.candidate_id
    assert WebhookDelivery.objects.count() == 20


def test_a_switched_off_webhook_is_told_nothing_and_the_log_says_so(
    pass_block: Any, options: dict[str, Any], endpoint: WebhookEndpoint
):
    endpoint.switch_off("Too many failures.")

    run = pass_block("webhook", options)

    assert last_line(run).text == "Nothing was sent: the webhook “Payroll” is switched off."
    assert (run.state, WebhookDelivery.objects.count()) == (RunState.FINISHED, 0)


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ("plan", "“plan” is not a property. Enter one per line, for example: plan = pro"),
        ("= pro", "“= pro” is not a property. Enter one per line, for example: plan = pro"),
        ("a = 1\na = 2", "“a” is there twice."),
        ("\n".join(f"p{n} = 1" for n in range(21)), "You entered 21 properties; the limit is 20."),
    ],
)
def test_properties_are_names_and_values(
    lines: str, sentence: str, workspace: Workspace, endpoint: WebhookEndpoint
):
    from pipeline.journeys.blocks.webhook import WebhookForm

    form = WebhookForm({"endpoint": endpoint.pk, "properties": lines}, workspace=workspace)

    assert form.errors["properties"] == [sentence]
