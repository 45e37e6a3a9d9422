"""The SQL of a message's first and third step, planned once for each connection.

Planning takes longer than executing them; so a lane sends twice as many messages a second.
"""

from typing import Any
from weakref import WeakSet

from django.db import connection

from pipeline.outreach import limits

prepared: WeakSet[Any] = WeakSet()  # connections that know both statements


def prepare() -> None:
    """Have both statements planned, once for each connection: that takes longer than they do."""
    connection.ensure_connection()
    if connection.connection in prepared:
        return
    with connection.cursor() as cursor:
        cursor.execute(PREPARE)
    prepared.add(connection.connection)


def as_prepared(name: str, types: dict[str, str], sql: str) -> str:
    """PREPARE for a statement with named parameters, in the order of `types`."""
    places = {parameter: f"${n}" for n, parameter in enumerate(types, start=1)}
    return f"PREPARE {name} ({', '.join(types.values())}) AS {sql % places}"


def execution_of(name: str, types: dict[str, str]) -> str:
    return f"EXECUTE {name} ({', '.join(f'%({parameter})s' for parameter in types)})"


BEGIN_TYPES = {
    "action": "int",
    "workspace": "bigint",
    "candidate": "bigint",
    "lane": "smallint",
    "channel": "text",
    "address": "text",
    "opted_out": "text",
    "subject": "text",
    "body": "text",
    "zone": "text",
}
BEGIN_PLAN = """
WITH looked AS (
    SELECT status = 'in_progress' AS is_wanted,
        %(candidate)s IS NOT NULL AND EXISTS (
            SELECT FROM outreach_optout
            WHERE workspace_id = %(workspace)s AND channel = %(channel)s AND address = %(opted_out)s
        ) AS has_opted_out,
        EXISTS (
            SELECT FROM outreach_message WHERE bulk_action_id = %(action)s
            AND candidate_id = %(candidate)s
        ) AS has_message
    FROM bulk_actions_bulkaction WHERE id = %(action)s
), allowed AS (
    SELECT FROM looked WHERE is_wanted AND NOT has_opted_out AND NOT has_message
), {reserved}, written AS (
    INSERT INTO outreach_message (
        workspace_id, candidate_id, bulk_action_id, lane, channel, address, subject, body, status,
        problem, provider_id, counted_on
    )
    SELECT %(workspace)s, %(candidate)s, %(action)s, %(lane)s, %(channel)s, %(address)s,
        %(subject)s, %(body)s, 'sending', '', '', today
    FROM reserved RETURNING id
)
SELECT is_wanted, has_opted_out, has_message,
    (SELECT id FROM written), (SELECT today FROM reserved)
FROM looked
""".replace("{reserved}", limits.RESERVED)
# Two statements, sent as one: the second sees what was committed while the first waited for the
# lock. Outside of a transaction they are one by themselves.
BEGIN = f"""
SELECT pg_advisory_xact_lock_shared(%(lock)s::int, %(action)s::int);
{execution_of("belay_begin", BEGIN_TYPES)}
"""

RECORD_TYPES = {
    "message": "bigint",
    "status": "text",
    "problem": "text",
    "provider_id": "text",
    "action": "int",
    "result": "smallint",
}
# Where the candidate was changed with the message's first step, the outcome is there already: then
# only what became of the message is added to it.
RECORD_PLAN = """
WITH message AS (
    UPDATE outreach_message SET
        status = %(status)s, problem = %(problem)s, provider_id = %(provider_id)s,
        ended_at = clock_timestamp()
    WHERE id = %(message)s AND status = 'sending' RETURNING candidate_id
), written AS (
    INSERT INTO bulk_actions_outcome AS outcome (action_id, candidate_id, result, reason, before)
    SELECT %(action)s, candidate_id, %(result)s, %(problem)s, '{}' FROM message
    WHERE candidate_id IS NOT NULL
    ON CONFLICT (candidate_id, action_id) DO UPDATE SET
        reason = CASE %(status)s WHEN 'sent' THEN '' WHEN 'failed' THEN 'No message: '
                 ELSE 'Message not confirmed: ' END || %(problem)s
    RETURNING outcome.result, xmax = 0 AS is_new
), counts AS (
    SELECT count(*) FILTER (WHERE is_new AND result = 1) AS changed,
           count(*) FILTER (WHERE is_new AND result = 3) AS failed
    FROM written
)
UPDATE bulk_actions_bulkaction AS action SET
    changed = action.changed + counts.changed,
    failed = action.failed + counts.failed,
    version = action.version + 1,
    progressed_at = clock_timestamp(),
    stalls = 0,
    failure = CASE action.status WHEN 'in_progress' THEN '' ELSE action.failure END
FROM counts, message WHERE action.id = %(action)s
RETURNING action.status
"""
# Its commit need not reach the disk at once: a server that crashes before the next message's first
# step brings it there makes this one unconfirmed, as if the crash had come a moment sooner.
RECORD = f"""
SELECT set_config('synchronous_commit', 'off', true);
{execution_of("belay_record", RECORD_TYPES)}
"""
PREPARE = ";".join(
    (
        as_prepared("belay_begin", BEGIN_TYPES, BEGIN_PLAN),
        as_prepared("belay_record", RECORD_TYPES, RECORD_PLAN),
    )
)
