"""Puts back in time what a demo's journeys have just done to tasks, each to its run's moment."""

CREATED_AT = """
UPDATE tasks_task AS task SET created_at = run.moment, queued_at = run.moment,
    due_at = task.due_at - (now() - run.moment)
FROM unnest(%s::bigint[], %s::timestamptz[]) AS run (id, moment)
WHERE task.created_by_run_id = run.id AND task.created_at >= now()
"""
CANCELED_AT = """
UPDATE tasks_task AS task SET ended_at = run.moment
FROM unnest(%s::bigint[], %s::timestamptz[]) AS run (id, moment)
WHERE task.canceled_by_run_id = run.id AND task.ended_at >= now()
"""
