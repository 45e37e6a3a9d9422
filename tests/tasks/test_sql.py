"""The SQL of tasks: the values of its enums come in as parameters."""

import ast
import re
from collections.abc import Iterator

from django.conf import settings

from pipeline.outreach.models import CampaignState
from pipeline.tasks.models.states import State
from pipeline.tasks.models.types import TaskType

ROOM = settings.BASE_DIR / "pipeline" / "tasks"
IS_SQL = re.compile(r"\b(SELECT|UPDATE|INSERT INTO|DELETE FROM|WHERE)\b")
VALUES = [*State.values, *CampaignState.values, *TaskType.values]
LITERAL = re.compile(rf"'(?:{'|'.join(VALUES)})'")


def statements() -> Iterator[tuple[str, str]]:
    for path in sorted(ROOM.rglob("*.py")):
        if "migrations" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
                continue
            if IS_SQL.search(node.value):
                yield f"{path.name}:{node.lineno}", node.value


STATEMENTS = list(statements())


def test_there_is_some():
    assert len(STATEMENTS) > 15


def test_states_and_types_are_parameters():
    assert [(place, found[0]) for place, sql in STATEMENTS if (found := LITERAL.search(sql))] == []
