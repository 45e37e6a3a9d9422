"""Loading the demo's tasks: of few candidates, with few statements, and nobody is told."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from pipeline.candidates.demo import load
from pipeline.outreach.models import Campaign
from pipeline.tasks.demo.load import add_tasks
from pipeline.tasks.models import Task
from pipeline.tasks.signals import task_changed


def test_nobody_is_told_and_few_statements_are_needed(
    db: None, django_capture_on_commit_callbacks: Any
):
    workspace = load.load(600, "a password")
    told: list[Any] = []
    task_changed.connect(told.append, weak=False)

    with (
        django_capture_on_commit_callbacks(execute=True) as callbacks,
        CaptureQueriesContext(connection) as queries,
    ):
        add_tasks(workspace)
    task_changed.disconnect(told.append)

    assert callbacks == []
    assert told == []
    assert len(queries) < 25


@pytest.mark.parametrize("candidates", [0, 1, 10])
def test_few_candidates_have_few_tasks_and_none_has_none(candidates: int, db: None):
    workspace = load.load(candidates, "a password")

    add_tasks(workspace)

    assert Campaign.objects.count() == 5
    assert Task.objects.count() <= 3 * candidates
