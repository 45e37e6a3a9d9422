"""The database writes down who opts out, too."""

from django.db import migrations

# An opt-out holds for an address. Candidates are found by the indexes of their opening's addresses
# and numbers, which are kept as opt-outs keep them: without capital letters, and in E.164.
WATCH = """
CREATE FUNCTION journeys_note_opted_out() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM journeys_listener WHERE kind = 'opt_out') THEN
        INSERT INTO journeys_happening (workspace_id, candidate_id, kind)
        SELECT DISTINCT given.workspace_id, theirs.id, 'opt_out'
        FROM given
        JOIN candidates_opening AS opening ON opening.workspace_id = given.workspace_id,
        LATERAL (
            SELECT id FROM candidates_candidate WHERE given.channel = 'email'
              AND opening_id = opening.id AND email = given.address AND email <> ''
            UNION ALL
            SELECT id FROM candidates_candidate WHERE given.channel = 'sms'
              AND opening_id = opening.id AND phone = given.address AND phone <> ''
        ) AS theirs
        WHERE EXISTS (
            SELECT FROM journeys_listener AS listener
            WHERE listener.workspace_id = given.workspace_id AND listener.kind = 'opt_out'
        )
        ORDER BY theirs.id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER journeys_note_opted_out AFTER INSERT ON outreach_optout
REFERENCING NEW TABLE AS given FOR EACH STATEMENT EXECUTE FUNCTION journeys_note_opted_out();
CREATE TRIGGER journeys_note_opt_out_changed AFTER UPDATE ON outreach_optout
REFERENCING NEW TABLE AS given FOR EACH STATEMENT EXECUTE FUNCTION journeys_note_opted_out();
"""
FORGET = """
DROP TRIGGER journeys_note_opted_out ON outreach_optout;
DROP TRIGGER journeys_note_opt_out_changed ON outreach_optout;
DROP FUNCTION journeys_note_opted_out();
"""


class Migration(migrations.Migration):
    dependencies = [("journeys", "0002_triggers"), ("outreach", "0003_message_of_run")]

    operations = [
        migrations.RunSQL(WATCH, FORGET),
    ]
