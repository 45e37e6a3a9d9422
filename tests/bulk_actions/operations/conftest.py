"""Orders of any operation, carried out at once, and what they leave in the database."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection

from pipeline.bulk_actions.engine import lane
from pipeline.bulk_actions.engine.start import start_bulk_action
from pipeline.bulk_actions.models import BulkAction
from pipeline.bulk_actions.operations import Operation, Preview, operation_of
from pipeline.candidates.models import Candidate, CandidateQuerySet, RejectReason
from pipeline.workspaces.models import User, Workspace
from tests.bulk_actions.reasons import reasons_of as reasons_of

Order = Callable[..., BulkAction]


@pytest.fixture
def order(workspace: Workspace, recruiter: User, settings: Any) -> Order:
    """`order(operation, candidates)`: started, and worked on to its end unless `run` is False.

    In chunks of four; `order.finish(action)` works on one to its end, and
    `order.stop_after_one_chunk(…)` orders one that is canceled then.
    """
    settings.BULK_CHUNK_SIZE = 4

    def order(
        operation: Operation,
        candidates: CandidateQuerySet | None = None,
        by: User = recruiter,
        run: bool = True,
        **fields: Any,
    ) -> BulkAction:
        Workspace.objects.update(start_delay_seconds=0)
        visible = Candidate.objects.visible_to(by)
        action, _ = start_bulk_action(
            user=User.objects.get(pk=by.pk),
            operation=operation,
            candidates=visible
            if candidates is None
            else visible.filter(pk__in=candidates.values("pk")),
            key=uuid4(),
            **fields,
        )
        if run:
            finish(action)
        return action

    def finish(action: BulkAction) -> None:
        lane.work_on(action.pk, 0)
        action.refresh_from_db()

    def stop_after_one_chunk(**asked: Any) -> BulkAction:
        action = order(**asked, run=False)
        action.start()
        lane.process_next_chunk(action, operation_of(action))
        assert action.cancel(by=action.started_by)
        action.refresh_from_db()
        return action

    order.finish = finish  # type: ignore[attr-defined]
    order.stop_after_one_chunk = stop_after_one_chunk  # type: ignore[attr-defined]
    return order


@pytest.fixture
def reasons(workspace: Workspace) -> list[RejectReason]:
    names = ("No permit", "Too far away")
    return [RejectReason.objects.create(workspace=workspace, name=name) for name in names]


def assert_was(preview: Preview, action: BulkAction) -> None:
    """What the preview said is what has happened: changes, and those who were skipped by reason."""
    failed = reasons_of(action)
    skipped = {skip.reason: skip.count for skip in preview.skips}
    unchanged = sum(count for reason, count in skipped.items() if reason not in failed)
    assert preview.total == action.total == action.processed
    assert preview.changes == action.changed
    assert {reason: skipped.get(reason) for reason in failed} == failed
    assert unchanged == action.unchanged


def rows() -> list[Any]:
    """Every candidate with every column, and every label on it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM candidates_candidate ORDER BY id")
        found: list[Any] = cursor.fetchall()
        cursor.execute("SELECT * FROM candidates_candidatelabel ORDER BY candidate_id, label_id")
        return [*found, *cursor.fetchall()]
