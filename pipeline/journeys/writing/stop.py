"""Stops runs: one, those of a candidate, or all of a journey."""

import json
from collections.abc import Iterable

from django.db import connection

from pipeline.foundation.fence import fenced
from pipeline.journeys.models import Run, RunQuerySet
from pipeline.journeys.models.sql import STATES, with_states
from pipeline.journeys.reasons import Reason
from pipeline.journeys.signals import announce_runs
from pipeline.tasks.bulk_sql import with_names

from .enroll import hold_enrollment


@fenced()
def stop_runs(runs: RunQuerySet, reason: Reason, *, waits: bool = True) -> list[int]:
    """Stop those of `runs` that are in progress, each with its line in the log; returns their ids.

    A run whose step is being written is stopped after that step: it waits for the runner's lock.
    With `waits=False` it is left alone: for whoever holds the lock of a run or a candidate.
    """
    held = runs.running().order_by("pk").select_for_update(no_key=True, skip_locked=not waits)
    chosen, values = with_names("chosen", *held.values("pk").query.sql_with_params())
    parts = stopping("chosen", "chosen.id", "%(stop_code)s", "%(stop_facts)s::jsonb")
    why = {"stop_code": reason.code, "stop_facts": json.dumps(reason.facts)}
    with connection.cursor() as cursor:
        cursor.execute(STOP.format(chosen=chosen, stopping=parts), values | why)
        stopped = sorted(pk for (pk,) in cursor.fetchall())
    tell_of(stopped)
    return stopped


def tell_of(stopped: list[int]) -> None:
    moved: dict[int, list[int]] = {}
    for workspace, candidate in Run.objects.filter(pk__in=stopped).values_list(
        "workspace_id", "candidate_id"
    ):
        moved.setdefault(workspace, []).append(candidate)
    for workspace, candidates in moved.items():
        announce_runs(workspace, candidates)


def hold_runs_of(journey_id: int, candidates: Iterable[int]) -> None:
    """Lock what these candidates have in progress in the journey, after the steps that are being
    written; until the transaction ends they get no other run there.

    To be called before their rows are locked: the runner, too, locks runs first.
    """
    hold_enrollment(journey_id)
    with connection.cursor() as cursor:
        cursor.execute(HOLD, [journey_id, list(candidates)])


def stopping(source: str, run: str, code: str, facts: str) -> str:
    """`stopped (id, …)`: the runs whose id is `run` in `source`, a FROM clause, each with its line
    in the log. `code` and `facts`, of a reason, are SQL over it. The runs must have been locked
    before."""
    return STOPPING.format(source=source, run=run, code=code, facts=facts, **STATES)


HOLD = with_states("""
SELECT count(*) FROM (
    SELECT FROM journeys_run
    WHERE journey_id = %s AND candidate_id = ANY(%s::bigint[]) AND state = {running}
    ORDER BY id FOR NO KEY UPDATE
) AS held
""")
STOPPING = """
stopped AS (
    UPDATE journeys_run AS run SET state = {stopped}, ended_at = now(), end_reason = {code},
        end_facts = {facts}, due_at = NULL, waiting_for = '', is_waiting = false,
        steps = run.steps + 1
    FROM {source} WHERE run.id = {run} AND run.state = {running}
    RETURNING run.id, run.steps, run.block, run.end_reason, run.end_facts
), logged AS (
    INSERT INTO journeys_runstep (run_id, number, block, summary, text, facts, way, details)
    SELECT id, steps, block, '', end_reason, end_facts, '', '{{}}' FROM stopped
)
"""
STOP = """
WITH chosen (id) AS MATERIALIZED ({chosen}), {stopping}
SELECT id FROM stopped
"""
