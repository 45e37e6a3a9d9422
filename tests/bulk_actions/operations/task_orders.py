"""Orders about tasks, and who hears of what they did."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connection, transaction
from django.urls import reverse

from pipeline.bulk_actions.engine import lane as engine
from pipeline.bulk_actions.models import BulkAction
from pipeline.bulk_actions.operations.create_tasks import CreateTasks
from pipeline.outreach.models import Campaign
from pipeline.tasks.models.types import TaskType
from pipeline.tasks.signals import task_changed
from pipeline.workspaces.models import Workspace

from .test_waiting import is_anybody_waiting

NEW, START = reverse("bulk_actions:new"), reverse("bulk_actions:history")


def create(
    workspace: Workspace,
    type: TaskType = TaskType.OUTBOUND_CALL,
    campaign: Campaign | None = None,
    **options: Any,
) -> CreateTasks:
    return CreateTasks(
        {
            "workspace": workspace.pk,
            "type": type.value,
            "campaign": campaign and campaign.pk,
            "campaign_name": campaign.name if campaign else "",
            "priority": None,
            "due": None,
            "notes": "",
        }
        | options
    )


@pytest.fixture
def told() -> Any:
    """Every announcement, as (verb, task ids)."""
    heard: list[tuple[str, list[int]]] = []

    def hear(verb: str, task_ids: list[int], **_: Any) -> None:
        heard.append((verb, task_ids))

    task_changed.connect(hear)
    yield heard
    task_changed.disconnect(hear)


def told_once(told: list[tuple[str, list[int]]], verb: str) -> list[int]:
    ids = [pk for spoken, pks in told for pk in pks if spoken == verb]
    assert len(ids) == len(set(ids))
    return sorted(ids)


def worked_on(action: BulkAction, ready: Barrier | None = None) -> Thread:
    """The action's one lane, in a session of its own."""

    def work() -> None:
        try:
            if ready:
                ready.wait()
            engine.work_on(action.pk, 0)
        finally:
            connection.close()

    thread = Thread(target=work)
    thread.start()
    return thread


@contextmanager
def waited_for_by(action: BulkAction) -> Iterator[None]:
    """What is changed in here is committed while the action's lane already waits for it."""
    with transaction.atomic():
        yield
        lane = worked_on(action)
        while not is_anybody_waiting():
            time.sleep(0.01)
    lane.join()
