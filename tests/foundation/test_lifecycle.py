"""A verb works in the states of its table and in no other: bulk actions and journeys.

Tasks, campaigns and imports have the same in `tests/tasks/test_verbs.py`,
`tests/tasks/campaigns/test_pages.py` and `tests/candidates/importing/test_jobs.py`.
"""

from uuid import uuid4

import pytest
from django.utils import timezone

from pipeline.bulk_actions.models import BulkAction, Status
from pipeline.foundation.lifecycle import move
from pipeline.journeys.models import Journey, JourneyState
from pipeline.workspaces.models import User, Workspace

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("verb", BulkAction.MOVES)
def test_bulk_action(verb: str, status: Status, workspace: Workspace, recruiter: User) -> None:
    action = BulkAction.objects.create(
        workspace=workspace,
        operation="hire",
        title="Hire",
        key=uuid4(),
        status=status,
        total=0,
        started_by=recruiter,
        starts_at=timezone.now(),
    )

    moved = action.move(verb)

    assert moved == (status in BulkAction.MOVES[verb])
    assert action.status == BulkAction.MOVES[verb].get(status, status)
    assert action.version == 1 + moved
    kept = BulkAction.objects.get(pk=action.pk)
    assert (kept.status, kept.version) == (action.status, action.version)


@pytest.mark.parametrize("state", JourneyState)
@pytest.mark.parametrize("verb", Journey.MOVES)
def test_journey(verb: str, state: JourneyState, workspace: Workspace, recruiter: User) -> None:
    journey = Journey.objects.create(
        workspace=workspace, name="Welcome", state=state, created_by=recruiter
    )

    moved = move(journey, Journey.MOVES, verb, name="Moved")

    assert moved == (state in Journey.MOVES[verb])
    assert journey.state == Journey.MOVES[verb].get(state, state)
    assert (journey.name == "Moved") == moved
    kept = Journey.objects.get(pk=journey.pk)
    assert (kept.state, kept.name) == (journey.state, journey.name)


def test_a_row_that_is_gone_does_not_move(workspace: Workspace, recruiter: User) -> None:
    journey = Journey.objects.create(workspace=workspace, name="Welcome", created_by=recruiter)
    Journey.objects.filter(pk=journey.pk).delete()

    assert not move(journey, Journey.MOVES, "archive")
