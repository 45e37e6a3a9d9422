"""Campaigns and tasks of the workspace, in every state."""

from collections.abc import Callable
from typing import Any

import pytest

from pipeline.candidates.models import Candidate
from pipeline.outreach.models import Campaign, CampaignChannel, CampaignState
from pipeline.tasks.create import create_task
from pipeline.tasks.models import Task
from pipeline.tasks.models.actors import Creator, JourneyBlock, Origin
from pipeline.tasks.models.rules import TaskRules
from pipeline.tasks.models.types import TaskType
from pipeline.workspaces.models import User, Workspace

CONVERTED = JourneyBlock(12, "Converted customers", 3, "Cancel Task: Outbound Call", 77)
MakeTask = Callable[..., Task]


@pytest.fixture
def campaign(workspace: Workspace) -> Campaign:
    return Campaign.objects.launch(
        workspace,
        name="Win back",
        channel=CampaignChannel.PHONE,
        state=CampaignState.READY,
    )


@pytest.fixture
def sms_campaign(workspace: Workspace) -> Campaign:
    return Campaign.objects.launch(
        workspace,
        name="Night shift by text",
        channel=CampaignChannel.SMS,
        state=CampaignState.READY,
    )


@pytest.fixture
def candidate(make_candidates: Any) -> Candidate:
    found: Candidate = make_candidates(1, full_name="Inger Svärd").get()
    return found


@pytest.fixture
def make_task(candidate: Candidate, agent: User) -> MakeTask:
    """`make_task(type, candidate=…, origin=…, **as create_task)`: waiting, of any creator."""

    def make(
        type: TaskType = TaskType.OUTBOUND_CALL,
        candidate: Candidate = candidate,
        origin: Origin = Origin.JOURNEY,
        **options: Any,
    ) -> Task:
        creators = {
            Origin.JOURNEY: Creator.journey(CONVERTED),
            Origin.AGENT: Creator.person(agent),
            Origin.EVENT: Creator.event("Phone system"),
            Origin.BULK_ACTION: Creator.bulk_action(5, agent),
            Origin.CAMPAIGN: Creator.bulk_action(5, agent, options.get("campaign")),
        }
        return create_task(candidate, type, creators[origin], **options)

    return make


@pytest.fixture
def no_limit(workspace: Workspace) -> None:
    """As many waiting tasks of a type as a test wants."""
    TaskRules.objects.create(workspace=workspace, most_waiting=1000)
