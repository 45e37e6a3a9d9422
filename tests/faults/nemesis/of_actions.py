"""What bulk actions promise: stopped is stopped, nothing twice, the counts add up."""

from collections.abc import Iterator

from .evidence import FINAL, Evidence, check, told

ENDED = f"""
WITH ended AS (
    SELECT DISTINCT ON (about) about AS action, committed AS ended, after ->> 'status' AS status
    FROM nemesis WHERE what = 'action' AND after ->> 'status' IN {FINAL}
    ORDER BY about, committed
)
"""
# Of one statement, and so of one moment.
COUNTS = """
SELECT action.id AS action, action.status, action.version,
       (action.changed, action.unchanged, action.failed)::text AS counters,
       (outcomes.changed, outcomes.unchanged, outcomes.failed)::text AS outcomes
FROM bulk_actions_bulkaction AS action, LATERAL (
    SELECT count(*) FILTER (WHERE result = 1) AS changed,
           count(*) FILTER (WHERE result = 2) AS unchanged,
           count(*) FILTER (WHERE result = 3) AS failed
    FROM bulk_actions_outcome AS outcome WHERE outcome.action_id = action.id
) AS outcomes
WHERE (action.changed, action.unchanged, action.failed)
   <> (outcomes.changed, outcomes.unchanged, outcomes.failed)
"""


@check
def nothing_changes_after_the_end(evidence: Evidence) -> Iterator[str]:
    """Canceled means stopped: no outcome is committed after it, but of what was being sent."""
    yield from told(f"""
        {ENDED} SELECT action, status, ended, log.about AS candidate, log.committed
        FROM ended JOIN nemesis AS log ON log.what = 'outcome' AND log.parent = ended.action
        WHERE log.committed > ended.ended AND NOT EXISTS (
            SELECT FROM nemesis AS message
            WHERE message.what = 'message' AND message.parent = ended.action
              AND (message.after ->> 'candidate_id')::bigint = log.about
              AND message.committed <= ended.ended
        )
    """)


@check
def no_message_is_begun_after_the_end(evidence: Evidence) -> Iterator[str]:
    """Canceled means stopped: no further message leaves."""
    yield from told(f"""
        {ENDED} SELECT action, status, ended, log.about AS message, log.committed
        FROM ended JOIN nemesis AS log ON log.what = 'message' AND log.parent = ended.action
        WHERE log.committed > ended.ended
    """)


@check
def final_is_final(evidence: Evidence) -> Iterator[str]:
    """One status machine: an action that has ended never has another status."""
    yield from told(f"""
        {ENDED} SELECT action, ended.status, log.after ->> 'status' AS later
        FROM ended JOIN nemesis AS log ON log.what = 'action' AND log.about = ended.action
        WHERE log.committed > ended.ended AND log.after ->> 'status' <> ended.status
    """)


@check
def nobody_is_processed_twice(evidence: Evidence) -> Iterator[str]:
    """Nothing is applied twice: each candidate has one outcome in an action, and one change."""
    yield from told("""
        SELECT parent AS action, about AS candidate, count(*) AS outcomes
        FROM nemesis_log WHERE what = 'outcome' GROUP BY 1, 2 HAVING count(*) > 1
    """)
    yield from told("""
        SELECT outcome.parent AS action, outcome.about AS candidate, count(*) AS changes
        FROM nemesis_log AS outcome
        JOIN nemesis_log AS change ON change.xid = outcome.xid AND change.what = 'candidate'
         AND change.about = outcome.about
        WHERE outcome.what = 'outcome' GROUP BY 1, 2
        HAVING count(*) > 1 OR min((outcome.after ->> 'result')::int) > 1
    """)
    yield from told("""
        SELECT outcome.parent AS action, outcome.about AS candidate, 'moved, not changed' AS what
        FROM nemesis_log AS outcome
        JOIN bulk_actions_bulkaction AS action ON action.id = outcome.parent
        WHERE outcome.what = 'outcome' AND action.operation = 'move_to_folder'
          AND (outcome.after ->> 'result')::int = 1 AND NOT EXISTS (
            SELECT FROM nemesis_log AS change WHERE change.xid = outcome.xid
               AND change.what = 'candidate' AND change.about = outcome.about
        )
    """)


@check
def every_change_has_a_cause(evidence: Evidence) -> Iterator[str]:
    """Every effect knows its cause: here an action, an import or a journey."""
    yield from told("""
        SELECT change.about AS candidate, change.at, change.before, change.after
        FROM nemesis_log AS change WHERE change.what = 'candidate' AND NOT EXISTS (
            SELECT FROM nemesis_log AS cause WHERE cause.xid = change.xid AND (
                cause.about = change.about AND cause.what IN ('outcome', 'imported')
                OR cause.what = 'step'
            )
        )
    """)


@check
def the_counts_add_up(evidence: Evidence) -> Iterator[str]:
    """total = changed + unchanged + failed + untouched, whenever anyone looks."""
    yield from evidence.sampled
    yield from told(COUNTS)
    yield from told("""
        SELECT action.id AS action, action.total, frozen.number AS frozen
        FROM bulk_actions_bulkaction AS action, LATERAL (
            SELECT coalesce(sum(cardinality(candidate_ids)), 0) AS number
            FROM bulk_actions_chunk AS chunk WHERE chunk.action_id = action.id
        ) AS frozen WHERE action.total <> frozen.number
    """)
    yield from told("""
        SELECT outcome.action_id AS action, outcome.candidate_id AS candidate
        FROM bulk_actions_outcome AS outcome WHERE NOT EXISTS (
            SELECT FROM bulk_actions_chunk AS chunk WHERE chunk.action_id = outcome.action_id
               AND outcome.candidate_id = ANY (chunk.candidate_ids)
        )
    """)
    yield from told("""
        SELECT id AS action, status, total, changed, unchanged, failed
        FROM bulk_actions_bulkaction
        WHERE status IN ('completed', 'completed_with_failures')
          AND total <> changed + unchanged + failed
           OR status = 'completed' AND failed > 0
    """)


# What has not reached its end by itself. A run may wait for a limit to reset, or for the lease of
# a runner that died with its message.
UNREST = f"""
SELECT 'action' AS what, id, status AS stands, title AS facts FROM bulk_actions_bulkaction
WHERE status NOT IN {FINAL}
UNION ALL
SELECT 'import', id, status, phase FROM candidates_candidateimport
WHERE status IN ('queued', 'running')
UNION ALL
SELECT 'run', id, state, block FROM journeys_run
WHERE state = 'running' AND coalesce(due_at <= now(), NOT is_waiting OR waiting_for = '')
UNION ALL
SELECT 'event', id, '', '' FROM journeys_happening
UNION ALL
SELECT 'message', message.id, message.status, message.address FROM outreach_message AS message
LEFT JOIN journeys_run AS run ON run.id = message.journey_run_id AND run.due_at > now()
WHERE message.status = 'sending' AND run.id IS NULL
"""
