"""A log that the database itself keeps of everything that happened, with the order of commits."""

from django.db import connection

# A candidate takes a moment, so that there is a middle in which something can happen.
CREATE = """
CREATE TABLE nemesis_log (
    what text, about bigint, parent bigint, before jsonb, after jsonb,
    xid xid8 DEFAULT pg_current_xact_id(), at timestamptz DEFAULT clock_timestamp()
);
CREATE INDEX ON nemesis_log (what, about);
CREATE INDEX ON nemesis_log (xid);
CREATE FUNCTION nemesis_note() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    is_new jsonb := to_jsonb(NEW);
    was jsonb := CASE WHEN TG_OP = 'UPDATE' THEN to_jsonb(OLD) ELSE '{}' END;
BEGIN
    IF TG_ARGV[0] = 'outcome' THEN PERFORM pg_sleep(0.003); END IF;
    INSERT INTO nemesis_log (what, about, parent, before, after) VALUES (
        TG_ARGV[0], (is_new ->> TG_ARGV[1])::bigint, (is_new ->> TG_ARGV[2])::bigint,
        (SELECT jsonb_object_agg(key, value) FROM jsonb_each(was) WHERE key = ANY (TG_ARGV[3:])),
        (SELECT jsonb_object_agg(key, value) FROM jsonb_each(is_new) WHERE key = ANY (TG_ARGV[3:]))
    );
    RETURN NULL;
END $$;
-- When each entry was committed. An exclusive lock is granted after the commits that it waits for.
CREATE VIEW nemesis AS
SELECT what, about, parent, before, after, xid, at, pg_xact_commit_timestamp(xid::xid) AS committed
FROM nemesis_log;
"""
DROP = "DROP FUNCTION nemesis_note() CASCADE; DROP VIEW nemesis; DROP TABLE nemesis_log"

# (what, table, events, the column it is about, its parent's, the columns that are kept)
NOTED = [
    ("candidate", "candidates_candidate", "UPDATE", "id", "opening_id", ["folder_id"]),
    ("outcome", "bulk_actions_outcome", "INSERT", "candidate_id", "action_id", ["result"]),
    (
        "action",
        "bulk_actions_bulkaction",
        "INSERT OR UPDATE",
        "id",
        "workspace_id",
        ["status", "version", "changed", "unchanged", "failed", "canceled_by_id"],
    ),
    ("message", "outreach_message", "INSERT", "id", "bulk_action_id", ["candidate_id"]),
    (
        "task",
        "tasks_task",
        "INSERT OR UPDATE",
        "id",
        "workspace_id",
        ["state", "agent_id", "cancel_source", "canceled_by_id", "opening_id"],
    ),
    ("run", "journeys_run", "UPDATE", "id", "candidate_id", ["state", "steps"]),
    ("step", "journeys_runstep", "INSERT", "run_id", "number", []),
    (
        "imported",
        "candidates_importedcandidate",
        "INSERT",
        "candidate_id",
        "candidate_import_id",
        [],
    ),
]


def install() -> None:
    with connection.cursor() as cursor:
        cursor.execute(CREATE)
        for what, table, events, about, parent, kept in NOTED:
            arguments = ", ".join(f"'{one}'" for one in (what, about, parent, *kept))
            cursor.execute(
                f"CREATE TRIGGER nemesis_{what} AFTER {events} ON {table}"
                f" FOR EACH ROW EXECUTE FUNCTION nemesis_note({arguments})"
            )


def remove() -> None:
    with connection.cursor() as cursor:
        cursor.execute(DROP)
