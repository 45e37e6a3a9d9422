"""Orders that cancel waiting tasks, and tasks that wait for them."""

from typing import Any

from pipeline.bulk_actions.operations.cancel_tasks import CancelTasks
from pipeline.candidates.models import Candidate
from pipeline.outreach.models import Campaign
from pipeline.tasks.create import create_task
from pipeline.tasks.models import Task
from pipeline.tasks.models.actors import Creator
from pipeline.tasks.models.types import TaskType
from pipeline.workspaces.models import Workspace
from tests.tasks.conftest import CONVERTED

CALLS = (TaskType.OUTBOUND_CALL,)


def cancel(
    workspace: Workspace,
    *types: TaskType,
    campaign: Campaign | None = None,
    reason: str = "Hired elsewhere",
) -> CancelTasks:
    """Of those types, of that campaign, or all."""
    return CancelTasks(
        {
            "workspace": workspace.pk,
            "scope": "types" if types else "campaign" if campaign else "all",
            "types": [type.value for type in types],
            "campaign": campaign and campaign.pk,
            "campaign_name": campaign.name if campaign else "",
            "campaign_channel": campaign.channel if campaign else "",
            "reason": reason,
        }
    )


def wait(candidate: Candidate, *types: TaskType, **options: Any) -> list[Task]:
    """Tasks that a journey has made."""
    return [
        create_task(candidate, type, Creator.journey(CONVERTED), **options)
        for type in types or CALLS
    ]
