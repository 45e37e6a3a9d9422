"""A preview looks at each candidate a few times, also where PostgreSQL expects only one.

It does for minutes, or days in a large database, after the first import of a new workspace.
"""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from pipeline.bulk_actions.operations import OPERATIONS, Operation
from pipeline.candidates.models import Candidate, Opening, RejectReason
from pipeline.tasks.actors import Creator
from pipeline.tasks.models import Task
from pipeline.tasks.types import TaskType
from pipeline.workspaces.models import User, Workspace

from . import task_cancels, task_orders

MANY = 400
FEW_TIMES = 40  # a small table, such as the folders, may be read for each
Make = Callable[[Workspace, Opening, User], Operation]


def move(workspace: Workspace, opening: Opening, recruiter: User) -> Operation:
    folder = opening.folders.get(name="Rejected")
    options = {"folder": folder.pk, "folder_name": folder.name, "folder_kind": folder.kind}
    options |= {"opening": opening.pk, "opening_name": opening.name}
    return OPERATIONS["move_to_folder"](options)


def reject(workspace: Workspace, opening: Opening, recruiter: User) -> Operation:
    reason = RejectReason.objects.create(workspace=workspace, name="Too far away")
    return OPERATIONS["reject"]({"reasons": [{"id": reason.pk, "name": reason.name}]})


def assign(workspace: Workspace, opening: Opening, recruiter: User) -> Operation:
    options = {"recruiter": recruiter.membership.pk, "recruiter_name": str(recruiter)}
    return OPERATIONS["assign_recruiter"](options)


def apply_to(workspace: Workspace, opening: Opening, recruiter: User) -> Operation:
    options = {"opening": opening.pk, "opening_name": opening.name}
    return OPERATIONS["create_application"](options)


MADE: dict[str, Make] = {
    "move": move,
    "reject": reject,
    "hold": lambda *_: OPERATIONS["hold"]({}),
    "hire": lambda *_: OPERATIONS["hire"]({}),
    "assign": assign,
    "apply": apply_to,
    "attribute": lambda *_: OPERATIONS["set_attribute"]({"attribute": "x", "value": "y"}),
    "cancel": lambda workspace, *_: task_cancels.cancel(workspace),
    "create": lambda workspace, *_: task_orders.create(workspace),
}


@pytest.fixture
def many(opening: Opening, other_opening: Opening, make_candidates: Any) -> None:
    """Candidates of two openings with a task each, of whom the statistics don't know yet."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE candidates_candidate, tasks_task")
    for place in (opening, other_opening):
        for candidate in make_candidates(MANY // 2, opening=place):
            Task.objects.create(
                workspace=opening.workspace,
                candidate=candidate,
                opening=place,
                type=TaskType.VOICEMAIL,
                **Creator.event("Phone system").fields,
            )


@pytest.mark.parametrize("name", MADE)
def test_nobody_is_compared_with_everybody(
    name: str, many: None, workspace: Workspace, opening: Opening, recruiter: User
) -> None:
    operation = MADE[name](workspace, opening, recruiter)
    plans: list[Any] = []

    def explained(execute: Any, sql: str, params: Any, is_many: bool, context: Any) -> Any:
        if sql.lstrip().startswith(("SELECT", "WITH")):
            cursor = context["cursor"].cursor
            cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {sql}", params)
            plans.extend(cursor.fetchone()[0])
        return execute(sql, params, is_many, context)

    with connection.execute_wrapper(explained):
        preview = operation.preview(Candidate.objects.visible_to(recruiter))

    assert preview.total == MANY
    assert plans
    most = max(plans, key=lambda plan: looks_of(plan["Plan"]))
    assert looks_of(most["Plan"]) <= FEW_TIMES * MANY, json.dumps(most, indent=1)


def looks_of(node: dict[str, Any]) -> float:
    """The most rows that one node of the plan read or threw away."""
    rows = node["Actual Rows"] + sum(
        node.get(f"Rows Removed by {why}", 0) for why in ("Filter", "Join Filter")
    )
    return float(max([rows * node["Actual Loops"], *map(looks_of, node.get("Plans", []))]))
