"""Journeys, published from a list of blocks, and the runner in the test's own process."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from pipeline.journeys.engine.dispatch import dispatch_events
from pipeline.journeys.engine.external import execute_external_some
from pipeline.journeys.engine.runner import advance_some
from pipeline.journeys.lifecycle import publish
from pipeline.journeys.models import Journey, Run
from pipeline.workspaces.models import User, Workspace
from tests.tasks.conftest import campaign as campaign
from tests.tasks.conftest import candidate as candidate
from tests.tasks.conftest import make_task as make_task
from tests.tasks.conftest import no_limit as no_limit
from tests.tasks.conftest import sms_campaign as sms_campaign

MakeJourney = Callable[..., Journey]


@pytest.fixture
def make_journey(workspace: Workspace, owner: User) -> MakeJourney:
    """`make_journey(("wait", {…}), …, trigger=("label", {…}), reentry=…)`: published, one way."""

    def make(
        *blocks: tuple[str, dict[str, Any]],
        trigger: tuple[str, dict[str, Any]] = ("by_hand", {}),
        reentry: dict[str, Any] | None = None,
        name: str = "Converted customers",
    ) -> Journey:
        nodes = {}
        for number, (type, options) in enumerate(blocks, start=1):
            following = f"b{number + 1}" if number < len(blocks) else None
            ways = {} if type == "exit" else {"next": following}
            nodes[f"b{number}"] = {"type": type, "options": options, "ways": ways}
        draft = {
            "trigger": {"type": trigger[0], "options": trigger[1]},
            "reentry": reentry or {"rule": "never"},
            "start": "b1",
            "blocks": nodes,
        }
        journey = Journey.objects.create(
            workspace=workspace, name=name, draft=draft, created_by=owner
        )
        publish(journey, owner)
        return journey

    return make


def look_once() -> int:
    """Tell what happened and advance what is due, as both periodic jobs do, once."""
    return dispatch_events() + advance_some() + execute_external_some()


def until_nothing_is_due(most: int = 50) -> None:
    for _ in range(most):
        if not look_once():
            return
    raise AssertionError("it never ends")


def waits_are_over() -> None:
    """As if the time of every wait had come."""
    Run.objects.running().exclude(due_at=None).update(due_at=timezone.now() - timedelta(hours=1))
