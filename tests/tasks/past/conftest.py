"""Tasks that are over, of any kind, without the way that led there."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from pipeline.candidates.models import Candidate
from pipeline.tasks.models import Disposition, Task
from pipeline.tasks.models.actors import CancelSource, Origin
from pipeline.tasks.models.states import State
from pipeline.tasks.models.types import TaskType
from pipeline.workspaces.models import User
from tests.tasks.conftest import CONVERTED

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
MakePast = Callable[..., Task]

COMPLETED: dict[str, Any] = {"state": State.COMPLETED, "disposition": Disposition.REACHED}
BY_JOURNEY: dict[str, Any] = {
    "cancel_source": CancelSource.JOURNEY,
    "canceled_by_name": CONVERTED.name,
    "canceled_by_journey_id": CONVERTED.journey_id,
    "canceled_by_journey_version": CONVERTED.version,
    "canceled_by_block": CONVERTED.block,
}


@pytest.fixture
def make_past(candidate: Candidate) -> MakePast:
    """`make_past(candidate=…, agent=…, **columns)`: canceled by an agent unless it says else.

    Each ends a minute after the one before.
    """
    minutes = count()

    def make(candidate: Candidate = candidate, agent: User | None = None, **columns: Any) -> Task:
        ended = NOON + timedelta(minutes=next(minutes))
        fields: dict[str, Any] = {
            "workspace_id": candidate.workspace_id,
            "candidate": candidate,
            "opening_id": candidate.opening_id,
            "type": TaskType.OUTBOUND_CALL,
            "origin": Origin.JOURNEY,
            "state": State.CANCELED,
            "created_at": NOON - timedelta(days=1),
            "ended_at": ended,
        }
        if columns.get("state") == State.COMPLETED or agent:
            fields["accepted_at"] = NOON - timedelta(hours=1)
        if agent:
            fields |= {"agent_id": agent.pk, "agent_name": str(agent)}
        if columns.get("state") != State.COMPLETED:
            fields |= {"cancel_source": CancelSource.AGENT, "cancel_reason": "Not needed"}
            fields |= {"canceled_by_name": "Chloe Tan"}
        return Task.objects.create(**fields | columns)

    return make
