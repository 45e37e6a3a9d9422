"""Writes what became of runs at a block: the lines of their logs, and their new places."""

import json
from dataclasses import replace

from django.db import connection

from pipeline.journeys.definition.definition import Definition, Node
from pipeline.journeys.models import Run, RunState

from .batch import Result

STEPS_IN_ROW = 100  # without a wait: a journey that takes more goes round in circles
LOOP = (
    f"Stopped after {STEPS_IN_ROW} steps in a row without a wait: this journey goes round in"
    " circles. Put a Wait into the circle, or let a Condition lead out of it."
)


def failure(reason: str) -> Result:
    return Result(reason, state=RunState.FAILED)


def write(
    runs: list[Run],
    results: dict[int, Result],
    definition: Definition,
    node: Node | None = None,
    summary: str = "",
) -> None:
    """The log lines and the new places of all these runs: two statements, however many."""
    rows = []
    for run in runs:
        result = results[run.pk]
        target = node.ways.get(result.way) if node and result.way else None
        steps_in_row = 0 if result.is_waiting else run.steps_in_row + 1
        if result.way and target is None:
            result.state = RunState.FINISHED  # the way ends here
        reason = "" if result.state == RunState.RUNNING else result.text
        if not reason and steps_in_row > STEPS_IN_ROW:
            # What it did here is done, and its line says so.
            reason = LOOP
            result = replace(failure(f"{result.text} {LOOP}"), details=result.details)
        is_running = not reason
        rows.append(
            {
                "id": run.pk,
                "state": result.state,
                "block": target if result.way and is_running else run.block,
                "steps": run.steps + result.is_logged,
                "steps_in_row": steps_in_row,
                "due_at": result.due_at if is_running else None,
                "is_waiting": result.is_waiting and is_running,
                "waiting_for": result.waiting_for if is_running else "",
                "tries": result.tries,
                "end_reason": reason,
                "is_logged": result.is_logged,
                "text": result.text,
                "way": result.way,
                "details": result.details,
            }
        )
    with connection.cursor() as cursor:
        # DjangoJSONEncoder would cut moments off at milliseconds.
        told = json.dumps(rows, default=str, ensure_ascii=False)
        cursor.execute(WRITE, [told, runs[0].block, summary[:300]])


# One text for all rows: to quote each value of a thousand takes longer than to write them.
WRITE = """
WITH result AS (
    SELECT * FROM jsonb_to_recordset(%s::jsonb) AS one (
        id bigint, state text, block text, steps int, steps_in_row int, due_at timestamptz,
        is_waiting boolean, waiting_for text, tries int, end_reason text, is_logged boolean,
        text text, way text, details jsonb
    )
), logged AS (
    INSERT INTO journeys_runstep (run_id, number, block, summary, text, way, details)
    SELECT id, steps, %s, %s, text, way, details FROM result WHERE is_logged
)
UPDATE journeys_run AS run SET
    state = result.state, block = result.block, steps = result.steps,
    steps_in_row = result.steps_in_row, due_at = result.due_at, is_waiting = result.is_waiting,
    waiting_for = result.waiting_for, heard = false, is_slow = false, tries = result.tries,
    end_reason = result.end_reason,
    ended_at = CASE WHEN result.state <> 'running' THEN now() END
FROM result WHERE run.id = result.id
"""
