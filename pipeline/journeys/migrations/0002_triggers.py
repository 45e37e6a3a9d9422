"""What the database itself does: it writes down what journeys listen to, and refuses to change a
published version.

Statement triggers, so that a move of thousands costs one more statement, and where nobody listens
one look at an empty table.
"""

from django.db import migrations

WATCH = """
CREATE FUNCTION journeys_note_created() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM journeys_listener WHERE kind IN ('created', 'folder')) THEN
        INSERT INTO journeys_happening (workspace_id, candidate_id, kind, ref)
        SELECT DISTINCT came.workspace_id, came.id, listener.kind, listener.ref
        FROM came JOIN journeys_listener AS listener ON listener.workspace_id = came.workspace_id
         AND (listener.kind = 'created'
              OR listener.kind = 'folder' AND listener.ref = came.folder_id)
        ORDER BY came.id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER journeys_note_created AFTER INSERT ON candidates_candidate
REFERENCING NEW TABLE AS came FOR EACH STATEMENT EXECUTE FUNCTION journeys_note_created();

CREATE FUNCTION journeys_note_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM journeys_listener WHERE kind IN ('folder', 'outcome')) THEN
        INSERT INTO journeys_happening (workspace_id, candidate_id, kind, ref, name)
        SELECT DISTINCT now.workspace_id, now.id, listener.kind, listener.ref, listener.name
        FROM moved AS now JOIN had USING (id)
        JOIN candidates_folder AS folder ON folder.id = now.folder_id
        JOIN journeys_listener AS listener ON listener.workspace_id = now.workspace_id
         AND (listener.kind = 'folder' AND listener.ref = now.folder_id
              OR listener.kind = 'outcome' AND listener.name = folder.kind)
        WHERE now.folder_id <> had.folder_id
        ORDER BY now.id, listener.kind DESC; -- outcome first: what begins in Hired goes on
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER journeys_note_moved AFTER UPDATE ON candidates_candidate
REFERENCING OLD TABLE AS had NEW TABLE AS moved
FOR EACH STATEMENT EXECUTE FUNCTION journeys_note_moved();

CREATE FUNCTION journeys_note_labeled() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM journeys_listener WHERE kind = 'label') THEN
        INSERT INTO journeys_happening (workspace_id, candidate_id, kind, ref)
        SELECT DISTINCT listener.workspace_id, given.candidate_id, listener.kind, listener.ref
        FROM given JOIN journeys_listener AS listener
          ON listener.kind = 'label' AND listener.ref = given.label_id
        ORDER BY given.candidate_id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER journeys_note_labeled AFTER INSERT ON candidates_candidatelabel
REFERENCING NEW TABLE AS given FOR EACH STATEMENT EXECUTE FUNCTION journeys_note_labeled();
"""
FORGET = """
DROP TRIGGER journeys_note_created ON candidates_candidate;
DROP FUNCTION journeys_note_created();
DROP TRIGGER journeys_note_moved ON candidates_candidate;
DROP FUNCTION journeys_note_moved();
DROP TRIGGER journeys_note_labeled ON candidates_candidatelabel;
DROP FUNCTION journeys_note_labeled();
"""

KEEP = """
CREATE FUNCTION journeys_keep_versions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'A published version of a journey never changes: publish a new one.';
END $$;
CREATE TRIGGER journeys_keep_versions BEFORE UPDATE ON journeys_journeyversion
FOR EACH ROW EXECUTE FUNCTION journeys_keep_versions();
"""
RELEASE = """
DROP TRIGGER journeys_keep_versions ON journeys_journeyversion;
DROP FUNCTION journeys_keep_versions();
"""


class Migration(migrations.Migration):
    dependencies = [("journeys", "0001_initial"), ("candidates", "0001_initial")]

    operations = [
        migrations.RunSQL(WATCH, FORGET),
        migrations.RunSQL(KEEP, RELEASE),
    ]
