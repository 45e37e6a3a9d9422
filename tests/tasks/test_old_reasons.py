"""Why a task was canceled, as older releases wrote it: a code now where Belay itself said it."""

from importlib import import_module
from typing import Any

import pytest
from django.db import connection

from pipeline.tasks.models import Task
from pipeline.tasks.models.actors import CancelSource

from .past.conftest import BY_JOURNEY, MakePast
from .past.conftest import make_past as make_past

MIGRATION = import_module("pipeline.tasks.migrations.0007_reasons_are_codes")
BY_ITSELF = "Journey 12 “Converted customers”: Cancel Task: Outbound Call."
T, B, C = CancelSource.TIMEOUT, CancelSource.BULK_ACTION, CancelSource.CANDIDATE
DAYS = "No agent accepted it for 14 days."

OURS: list[tuple[dict[str, Any], str, str, dict[str, Any], str]] = [
    ({"cancel_source": T}, "Nobody accepted it for 14 days.", "timed_out", {"days": 14}, DAYS),
    (
        {"cancel_source": T},
        "Nobody accepted it for 1 day.",
        "timed_out",
        {"days": 1},
        "No agent accepted it for 1 day.",
    ),
    (
        {"cancel_source": C},
        "The candidate no longer wants to be called back.",
        "callback_not_wanted",
        {},
        "The candidate no longer wants to be called back.",
    ),
    (
        BY_JOURNEY,
        BY_ITSELF,
        "journey_block",
        {"journey": 12, "name": "Converted customers", "block": "Cancel Task: Outbound Call"},
        BY_ITSELF,
    ),
    (
        {"cancel_source": B},
        "Undo of “Create tasks: Outbound Call”.",
        "undone",
        {"title": "Create tasks: Outbound Call"},
        "Undo of “Create tasks: Outbound Call”.",
    ),
]
OTHERS: list[tuple[dict[str, Any], str]] = [
    ({}, "Nobody accepted it for 14 days."),  # an agent wrote it
    ({"cancel_source": T}, "Nobody accepted it for long."),
    ({"cancel_source": C}, "Has found the answer."),
    (BY_JOURNEY, "The number is blocked."),
    (BY_JOURNEY, BY_ITSELF.replace("12", "13")),
    ({"cancel_source": B}, "Hired elsewhere"),
    ({}, "task.timed_out"),
]


def run(statements: list[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


@pytest.mark.parametrize(("columns", "old", "code", "facts", "sentence"), OURS)
def test_what_belay_itself_said_becomes_a_code_and_can_go_back(
    make_past: MakePast, columns: Any, old: str, code: str, facts: Any, sentence: str
):
    task = make_past(cancel_reason=old, **columns)

    run(MIGRATION.TO_CODES)

    task.refresh_from_db()
    assert (task.cancel_reason, task.cancel_facts) == (f"task.{code}", facts)
    assert task.cancel_reason_text == sentence
    run(MIGRATION.TO_SENTENCES)
    task.refresh_from_db()
    assert task.cancel_reason == old


def test_what_others_said_stays_and_is_shown_as_it_stands(make_past: MakePast):
    tasks = [make_past(cancel_reason=words, **columns) for columns, words in OTHERS]
    before = list(Task.objects.order_by("pk").values())

    run(MIGRATION.TO_CODES)

    assert list(Task.objects.order_by("pk").values()) == before
    for task, (_, words) in zip(tasks, OTHERS, strict=True):
        task.refresh_from_db()
        assert task.cancel_reason_text == words


def test_a_code_of_a_later_release_stands_for_itself(make_past: MakePast):
    task = make_past(cancel_reason="task.of_a_later_release", cancel_facts={"days": 3})

    assert task.cancel_reason_text == "task.of_a_later_release"
