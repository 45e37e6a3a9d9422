"""The SQL of a message's first and third step, planned once for each connection.

Planning takes longer than executing them; so a lane sends twice as many messages a second.
"""

from typing import Any
from weakref import WeakSet

from django.db import connection

from pipeline.bulk_actions.models import Result, Status
from pipeline.outreach import limits, sql

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
BEGIN_PLAN = f"""
WITH looked AS (
    SELECT status = '{Status.IN_PROGRESS}' AS is_running,
        %(candidate)s IS NOT NULL AND {sql.HAS_OPTED_OUT} AS has_opted_out,
        {sql.HAS_MESSAGE} AS has_message
    FROM bulk_actions_bulkaction WHERE id = %(action)s
), allowed AS (
    SELECT FROM looked WHERE is_running AND NOT has_opted_out AND NOT has_message
), {limits.RESERVED}, written AS ({sql.WRITE_SENDING})
SELECT is_running, has_opted_out, has_message,
    (SELECT id FROM written), (SELECT today FROM reserved)
FROM looked
"""  # noqa: S608
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
    "reason": "text",
    "facts": "jsonb",
    "changed_reason": "text",
    "changed_facts": "jsonb",
}
# Where the candidate was changed with the message's first step, the outcome is there already: then
# only what became of the message is added to it.
RECORD_PLAN = f"""
WITH message AS ({sql.WRITE_RESULT}), written AS (
    INSERT INTO bulk_actions_outcome AS outcome (
        action_id, candidate_id, result, reason, facts, before
    )
    SELECT %(action)s, candidate_id, %(result)s, %(reason)s, %(facts)s, '{{}}' FROM message
    WHERE candidate_id IS NOT NULL
    ON CONFLICT (candidate_id, action_id) DO UPDATE SET
        reason = %(changed_reason)s, facts = %(changed_facts)s
    RETURNING outcome.result, xmax = 0 AS is_new
), counts AS (
    SELECT count(*) FILTER (WHERE is_new AND result = {Result.CHANGED}) AS changed,
           count(*) FILTER (WHERE is_new AND result = {Result.FAILED}) AS failed
    FROM written
)
UPDATE bulk_actions_bulkaction AS action SET
    changed = action.changed + counts.changed,
    failed = action.failed + counts.failed,
    version = action.version + 1,
    progressed_at = clock_timestamp(),
    stalls = 0,
    failure = CASE action.status WHEN '{Status.IN_PROGRESS}' THEN '' ELSE action.failure END
FROM counts, message WHERE action.id = %(action)s
RETURNING action.status
"""  # noqa: S608
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
