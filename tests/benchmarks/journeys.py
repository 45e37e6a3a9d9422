"""How fast candidates travel, and how punctual they are while a million others wait.

A bulk move of everybody into a folder that a journey listens to: Create Task, Wait, Cancel Task.
The baseline is one SQL statement for each step, which writes the same rows and keeps no promise.
"""

import time
from typing import Any
from uuid import uuid4

from django.db import connection, transaction
from django.db.models import F

from pipeline.bulk_actions.engine.start import start_bulk_action
from pipeline.candidates.models import Candidate, Folder
from pipeline.journeys.lifecycle import publish
from pipeline.journeys.models import Journey, Run, RunState, RunStep
from pipeline.tasks.models import Task

from .crew import crew_of, cron
from .engine import Bench, timed, wait_until
from .report import Report

CALL = ("create_task", {"type": "outbound_call"})
WAIT = ("wait", {"kind": "time", "number": 3, "unit": "days"})
NO_CALLS = ("cancel_task", {"scope": "type", "types": ["outbound_call"]})
STEPS = ("Create Task", "Wait, begun", "Wait, over", "Cancel Task")
JOURNEYS = 10  # in each of which everybody waits
FALL_DUE = 6000
WITHIN_SECONDS = 60
LEAD_SECONDS = 10
LOOK = 0.5


def measure(size: int, report: Report) -> None:
    bench = Bench(size)
    folder = Folder.objects.create(opening=bench.opening, name="To be called", position=99)
    trigger = {"type": "folder", "options": {"folder": folder.pk}}
    journey = publish_one(bench, "Calls", trigger, CALL, WAIT, NO_CALLS)
    baseline(bench, journey, report)
    with crew_of(2), crew_of(2, queue_name="journeys"), cron():
        travel(bench, folder, report)
    journeys = [
        publish_one(bench, f"Waits {n}", {"type": "by_hand", "options": {}}, WAIT, NO_CALLS)
        for n in range(JOURNEYS)
    ]
    have_everybody_wait(journeys)
    punctuality(size * JOURNEYS, report)


def publish_one(
    bench: Bench, name: str, trigger: dict[str, Any], *blocks: tuple[str, dict[str, Any]]
) -> Journey:
    nodes = {
        f"b{n}": {
            "type": type,
            "options": options,
            "ways": {"next": f"b{n + 1}" if n < len(blocks) else None},
        }
        for n, (type, options) in enumerate(blocks, start=1)
    }
    journey = Journey.objects.create(
        workspace=bench.workspace,
        name=name,
        created_by=bench.user,
        draft={
            "trigger": trigger,
            "reentry": {"rule": "always"},
            "start": "b1",
            "blocks": nodes,
        },
    )
    publish(journey, bench.user)
    return journey


# --- how fast ---


def travel(bench: Bench, folder: Folder, report: Report) -> None:
    """From the order of the bulk move to the last run's end; the wait is cut short."""
    begun = time.perf_counter()
    start_bulk_action(
        user=bench.user,
        operation=bench.move(folder),
        candidates=Candidate.objects.visible_to(bench.user),
        key=uuid4(),
    )
    wait_until(lambda: Run.objects.count() == bench.size, every=LOOK)
    report.add("bulk move until all are enrolled", bench.size, time.perf_counter() - begun, "s")
    wait_until(lambda: are_past(2, bench.size), every=LOOK)
    Run.objects.update(due_at=F("started_at"))
    wait_until(lambda: are_past(4, bench.size), every=LOOK)
    assert Run.objects.filter(state=RunState.FINISHED).count() == bench.size
    assert not Task.objects.waiting().exists()
    with connection.cursor() as cursor:
        cursor.execute(SPEEDS)
        for number, speed in cursor.fetchall():
            what = f"runs through {STEPS[number - 1]}, 2 workers"
            report.add(what, bench.size, speed, "runs/s", at_least=1000)


def are_past(number: int, size: int) -> bool:
    return RunStep.objects.filter(number=number).count() == size


def baseline(bench: Bench, journey: Journey, report: Report) -> None:
    """Nothing but the rows of two of the steps, each in one statement; taken back."""
    assert journey.version
    parameters = {
        "workspace": bench.workspace.pk,
        "journey": journey.pk,
        "version": journey.version.pk,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(ENTER, parameters)
        created, _ = timed(cursor.execute, CREATE, parameters)
        canceled, _ = timed(cursor.execute, CANCEL, parameters)
        transaction.set_rollback(True)
    report.add("bare INSERTs of tasks and lines", bench.size, bench.size / created, "runs/s")
    report.add("bare UPDATE of tasks, and lines", bench.size, bench.size / canceled, "runs/s")
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


# --- how punctual ---


def have_everybody_wait(journeys: list[Journey]) -> None:
    """All candidates in each of these journeys, for some days yet."""
    for journey in journeys:
        assert journey.version
        with connection.cursor() as cursor:
            cursor.execute(
                HAVE_WAIT,
                {
                    "workspace": journey.workspace_id,
                    "journey": journey.pk,
                    "version": journey.version.pk,
                },
            )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")


def punctuality(waiting: int, report: Report) -> None:
    """Some thousands fall due, one after the other: how late each takes its step."""
    with crew_of(2, queue_name="journeys"), cron(), connection.cursor() as cursor:
        cursor.execute(LET_FALL_DUE, [LEAD_SECONDS, WITHIN_SECONDS / FALL_DUE, FALL_DUE])
        wait_until(all_have_gone_on, every=LOOK)
        cursor.execute(LATENESS)
        middle, most, worst = cursor.fetchone()
    report.add("due runs start late, p50", waiting, middle, "s")
    report.add("due runs start late, p99", waiting, most, "s")
    report.add("due runs start late, worst", waiting, worst, "s", at_most=5)


def all_have_gone_on() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(GONE_ON)
        return bool(cursor.fetchone()[0] == FALL_DUE)


# By the time of each step's transaction, from the first to the last.
SPEEDS = """
SELECT number, count(*) / extract(epoch FROM max(at) - min(at))::float
FROM journeys_runstep GROUP BY number ORDER BY number
"""
ENTER = """
INSERT INTO journeys_run (
    workspace_id, journey_id, version_id, candidate_id, state, block, steps,
    steps_in_row, is_waiting, waiting_for, heard, tries, entered_by, end_reason
)
SELECT %(workspace)s, %(journey)s, %(version)s, id, 'running', 'b1', 0, 0, false, '', false, 0,
    'Benchmark', ''
FROM candidates_candidate
"""
CREATE = """
WITH made AS (
    INSERT INTO tasks_task (
        workspace_id, candidate_id, opening_id, type, state, priority, notes, disposition,
        agent_name, origin, created_by_name, created_by_journey_id, created_by_journey_version,
        created_by_block, created_by_run_id, cancel_reason, cancel_source, canceled_by_name,
        canceled_by_block
    )
    SELECT run.workspace_id, run.candidate_id, person.opening_id, 'outbound_call', 'in_queue', 2,
        '', '', '', 'journey', 'Calls', run.journey_id, 1, 'Create Task: Outbound Call', run.id,
        '', '', '', ''
    FROM journeys_run AS run JOIN candidates_candidate AS person ON person.id = run.candidate_id
    RETURNING id, created_by_run_id
)
INSERT INTO journeys_runstep (run_id, number, block, summary, text, facts, way, details)
SELECT created_by_run_id, 1, 'b1', 'Outbound Call', 'create_task.created',
    jsonb_build_object('task', id, 'what', 'Outbound Call'), 'next', jsonb_build_object('task', id)
FROM made
"""
CANCEL = """
WITH gone AS (
    UPDATE tasks_task SET state = 'canceled', ended_at = now(), cancel_source = 'journey',
        cancel_reason = 'Converted', canceled_by_run_id = created_by_run_id
    WHERE state = 'in_queue' RETURNING id, created_by_run_id
)
INSERT INTO journeys_runstep (run_id, number, block, summary, text, facts, way, details)
SELECT created_by_run_id, 2, 'b2', 'Outbound Call', 'cancel_task.done',
    '{"canceled": {"outbound_call": 1}, "spared": {}}', 'next',
    jsonb_build_object('canceled', jsonb_build_array(id), 'spared', '[]'::jsonb)
FROM gone
"""
HAVE_WAIT = """
WITH entered AS (
    INSERT INTO journeys_run (
        workspace_id, journey_id, version_id, candidate_id, state, block, steps, steps_in_row,
        due_at, is_waiting, waiting_for, heard, tries, entered_by, end_reason
    )
    SELECT %(workspace)s, %(journey)s, %(version)s, id, 'running', 'b1', 1, 0,
        now() + interval '1 day' * (1 + id %% 30), true, '', false, 0, 'Benchmark', ''
    FROM candidates_candidate
    RETURNING id
)
INSERT INTO journeys_runstep (run_id, number, block, summary, text, facts, way, details)
SELECT id, 1, 'b1', '3 days', 'wait.begun', '{"what": "3 days"}', '', '{}' FROM entered
"""
# Spread over all journeys, in an order that has nothing to do with their ids.
LET_FALL_DUE = """
CREATE TEMPORARY TABLE falling_due AS
SELECT id, clock_timestamp() + interval '1 second' * (%s + row_number() OVER () * %s) AS due_at
FROM (
    SELECT id FROM journeys_run WHERE state = 'running' ORDER BY hashint8(id) LIMIT %s
) AS chosen;
UPDATE journeys_run AS run SET due_at = falling_due.due_at
FROM falling_due WHERE falling_due.id = run.id
"""
GONE_ON = """
SELECT count(*) FROM falling_due JOIN journeys_runstep AS step ON run_id = id AND number = 2
"""
LATENESS = """
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY late),
    percentile_cont(0.99) WITHIN GROUP (ORDER BY late), max(late)
FROM (
    SELECT extract(epoch FROM at - due_at)::float AS late
    FROM falling_due JOIN journeys_runstep ON run_id = id AND number = 2
) AS figures
"""
