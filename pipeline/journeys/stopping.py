"""Stops runs: one, those of a candidate, or all of a journey."""

from django.db import connection, transaction

from .models import RunQuerySet


@transaction.atomic
def stop_runs(runs: RunQuerySet, reason: str, *, waits: bool = True) -> list[int]:
    """Stop those of `runs` that are in progress, each with its line in the log; returns their ids.

    A run whose step is being written is stopped after that step: it waits for the runner's lock.
    With `waits=False` it is left alone: for whoever holds the lock of a run or a candidate.
    """
    held = runs.running().order_by("pk").select_for_update(no_key=True, skip_locked=not waits)
    chosen = held.values("pk")
    sql, values = chosen.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(STOP.format(chosen=sql), (*values, reason, reason))
        return sorted(pk for (pk,) in cursor.fetchall())


STOP = """
WITH chosen (id) AS MATERIALIZED ({chosen}), stopped AS (
    UPDATE journeys_run AS run SET state = 'stopped', ended_at = now(), end_reason = %s,
        due_at = NULL, waiting_for = '', is_waiting = false, steps = run.steps + 1
    FROM chosen WHERE run.id = chosen.id
    RETURNING run.id, run.steps, run.block
), logged AS (
    INSERT INTO journeys_runstep (run_id, number, block, summary, text, way, details)
    SELECT id, steps, block, 'Stopped', %s, '', '{{}}' FROM stopped
)
SELECT id FROM stopped
"""
