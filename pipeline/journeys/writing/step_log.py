"""Writes what became of runs at a block: the lines of their logs, and their new places."""

import json
from dataclasses import replace

from django.db import connection

from pipeline.journeys.definition.definition import Definition, Node
from pipeline.journeys.models import Run, RunState
from pipeline.journeys.models.sql import with_states
from pipeline.journeys.reasons import Code, Reason, all_of, because

from .batch import Result

STEPS_IN_ROW = 100  # without a wait: a journey that takes more goes round in circles
LOOP = because(Code.LOOP, steps=STEPS_IN_ROW)


def failure(why: Reason) -> Result:
    return Result(why, state=RunState.FAILED)


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
        end = None if result.state == RunState.RUNNING else result.reason
        if not end and steps_in_row > STEPS_IN_ROW:
            # What it did here is done, and its line says so.
            end = LOOP
            result = replace(failure(all_of([result.reason, LOOP])), details=result.details)
        is_running = not end
        reason = result.reason
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
                "end_code": end.code if end else "",
                "end_facts": end.facts if end else None,
                "is_logged": result.is_logged,
                "code": reason.code,
                "facts": reason.facts or None,
                "way": result.way,
                "details": result.details,
            }
        )
    with connection.cursor() as cursor:
        # DjangoJSONEncoder would cut moments off at milliseconds.
        values = json.dumps(rows, default=str, ensure_ascii=False)
        cursor.execute(WRITE, [values, runs[0].block, summary[:300]])


# One text for all rows: to quote each value of a thousand takes longer than to write them.
WRITE = with_states("""
WITH result AS (
    SELECT * FROM jsonb_to_recordset(%s::jsonb) AS written (
        id bigint, state text, block text, steps int, steps_in_row int, due_at timestamptz,
        is_waiting boolean, waiting_for text, tries int, end_code text, end_facts jsonb,
        is_logged boolean, code text, facts jsonb, way text, details jsonb
    )
), logged AS (
    INSERT INTO journeys_runstep (run_id, number, block, summary, text, facts, way, details)
    SELECT id, steps, %s, %s, code, facts, way, details FROM result WHERE is_logged
)
UPDATE journeys_run AS run SET
    state = result.state, block = result.block, steps = result.steps,
    steps_in_row = result.steps_in_row, due_at = result.due_at, is_waiting = result.is_waiting,
    waiting_for = result.waiting_for, heard = false, is_slow = false, tries = result.tries,
    end_reason = result.end_code, end_facts = result.end_facts,
    ended_at = CASE WHEN result.state <> {running} THEN now() END
FROM result WHERE run.id = result.id
""")
