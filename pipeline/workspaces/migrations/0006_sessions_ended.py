from django.db import migrations, models

# Whoever deactivates a user, and however, ends all sessions; a copy that is saved later, with what
# it was before, begins none of them again.
END_SESSIONS = """
CREATE FUNCTION workspaces_end_sessions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.sessions_ended := greatest(NEW.sessions_ended, OLD.sessions_ended)
        + (OLD.is_active AND NOT NEW.is_active)::int;
    RETURN NEW;
END $$;
CREATE TRIGGER end_sessions BEFORE UPDATE ON workspaces_user
FOR EACH ROW EXECUTE FUNCTION workspaces_end_sessions();
"""
UNDO = """
DROP TRIGGER end_sessions ON workspaces_user;
DROP FUNCTION workspaces_end_sessions();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('workspaces', '0005_encrypted_webhook_secrets'),
    ]

    operations = [
        migrations.AddField(
            model_name='user',
            name='sessions_ended',
            field=models.PositiveIntegerField(db_default=0, default=0, editable=False, help_text='How often all sessions were ended. A session proves how often that was when it began.'),
        ),
        migrations.RunSQL(END_SESSIONS, UNDO),
    ]
