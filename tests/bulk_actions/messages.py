"""Messages to test with: a template, and the order to send it."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from pipeline.bulk_actions.engine.messages import CandidateMessage
from pipeline.bulk_actions.engine.start import start_bulk_action
from pipeline.bulk_actions.models import BulkAction
from pipeline.bulk_actions.operations import SendingOperation, operation_of
from pipeline.bulk_actions.operations.send_message import SendMessage, text_of
from pipeline.candidates.models import Candidate, CandidateQuerySet
from pipeline.outreach.models import Channel, Message, MessageLimit, MessageTemplate
from pipeline.workspaces.models import User, Workspace

StartSend = Callable[..., BulkAction]


@pytest.fixture
def template(workspace: Workspace) -> MessageTemplate:
    return MessageTemplate.objects.create(
        workspace=workspace,
        name="Invitation",
        channel=Channel.EMAIL,
        subject="Hello {first_name}",
        body="Come and see us in {opening}.",
    )


@pytest.fixture
def sms_template(workspace: Workspace) -> MessageTemplate:
    return MessageTemplate.objects.create(
        workspace=workspace, name="Text", channel=Channel.SMS, body="Call us, {first_name}."
    )


@pytest.fixture
def as_fast_as_possible(workspace: Workspace) -> None:
    MessageLimit.objects.bulk_create(
        MessageLimit(workspace=workspace, channel=channel, per_second=None) for channel in Channel
    )


@pytest.fixture
def start_send(workspace: Workspace, recruiter: User, as_fast_as_possible: None) -> StartSend:
    """Orders a template to be sent to candidates, without a start delay."""
    Workspace.objects.update(start_delay_seconds=0)

    def start(
        template: MessageTemplate, candidates: CandidateQuerySet, lanes: int = 1, **fields: Any
    ) -> BulkAction:
        action, _ = start_bulk_action(
            user=User.objects.get(pk=recruiter.pk),  # sees the new delay
            operation=SendMessage(text_of(template)),
            candidates=candidates,
            key=uuid4(),
        )
        BulkAction.objects.filter(pk=action.pk).update(lanes=lanes, **fields)
        action.refresh_from_db()
        return action

    return start


def begin(action: BulkAction, candidate: Candidate) -> Message | None:
    """The first step of the candidate's message."""
    operation = operation_of(action)
    assert isinstance(operation, SendingOperation)
    owner = CandidateMessage(action, operation, candidate, lane=0)
    return owner.begin(owner.draft())
