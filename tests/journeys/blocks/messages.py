"""Runs that are about to send, and what they send."""

from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now

from pipeline.candidates.models import Candidate
from pipeline.journeys.models import Run
from pipeline.journeys.writing.enroll import enroll
from pipeline.outreach.models import Channel, MessageTemplate, MessageUse
from pipeline.workspaces.models import Workspace


@pytest.fixture
def template(workspace: Workspace) -> MessageTemplate:
    return MessageTemplate.objects.create(
        workspace=workspace,
        name="Invitation",
        channel=Channel.EMAIL,
        subject="Hello {first_name}",
        body="Come and see us in {opening}, or in {attribute:City}.",
    )


@pytest.fixture
def text(workspace: Workspace) -> MessageTemplate:
    return MessageTemplate.objects.create(
        workspace=workspace, name="Reminder", channel=Channel.SMS, body="Call us, {first_name}."
    )


def options_of(template: MessageTemplate, **more: Any) -> dict[str, Any]:
    return {"template": template.pk, "template_name": template.name, **more}


@pytest.fixture
def begin(publish_block: Any, candidate: Candidate) -> Any:
    """`begin(template, …)`: the candidate's run, about to send."""

    def begin(template: MessageTemplate, who: Any = None, **more: Any) -> Run:
        type = "send_sms" if template.channel == Channel.SMS else "send_email"
        journey = publish_block(type, options_of(template, **more))
        enroll(journey.version, [person.pk for person in who or [candidate]], "By hand")
        return Run.objects.filter(journey=journey).latest("pk")

    return begin


def used(channel: str) -> int:
    return sum(
        MessageUse.objects.filter(channel=channel, period="day").values_list("used", flat=True)
    )


def come_back_at_once() -> None:
    Run.objects.running().update(due_at=Now() - timedelta(hours=1))
