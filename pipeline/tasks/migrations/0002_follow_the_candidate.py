"""A task's opening is its candidate's, whoever moves the candidate to another one."""

from django.db import migrations

FOLLOW = """
CREATE FUNCTION tasks_follow_the_candidate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE tasks_task SET opening_id = NEW.opening_id WHERE candidate_id = NEW.id;
    RETURN NULL;
END $$;

CREATE TRIGGER tasks_follow_the_candidate AFTER UPDATE OF opening_id ON candidates_candidate
FOR EACH ROW WHEN (OLD.opening_id IS DISTINCT FROM NEW.opening_id)
EXECUTE FUNCTION tasks_follow_the_candidate();
"""

LEAVE = """
DROP TRIGGER tasks_follow_the_candidate ON candidates_candidate;
DROP FUNCTION tasks_follow_the_candidate();
"""


class Migration(migrations.Migration):
    dependencies = [("tasks", "0001_initial")]

    operations = [migrations.RunSQL(FOLLOW, LEAVE)]
