"""Keep what openings and folders were called: sentences of that time still name them.

By a trigger, so that it does not matter who renames or deletes them, and how. Rows go with their
workspace, by the database: deleting its openings writes the last ones.
"""

import django.db.models.deletion
from django.db import migrations, models

SQL = """
ALTER TABLE candidates_formername ADD CONSTRAINT former_name_workspace
    FOREIGN KEY (workspace_id) REFERENCES workspaces_workspace (id) ON DELETE CASCADE;

CREATE FUNCTION candidates_keep_opening_name() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO candidates_formername (workspace_id, opening_id, name)
    VALUES (OLD.workspace_id, OLD.id, OLD.name) ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;

CREATE FUNCTION candidates_keep_folder_name() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO candidates_formername (workspace_id, opening_id, name)
    SELECT workspace_id, id, OLD.name FROM candidates_opening WHERE id = OLD.opening_id
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;

CREATE TRIGGER keep_name_renamed AFTER UPDATE OF name ON candidates_opening
FOR EACH ROW WHEN (OLD.name <> NEW.name) EXECUTE FUNCTION candidates_keep_opening_name();
CREATE TRIGGER keep_name_deleted AFTER DELETE ON candidates_opening
FOR EACH ROW EXECUTE FUNCTION candidates_keep_opening_name();
CREATE TRIGGER keep_name_renamed AFTER UPDATE OF name ON candidates_folder
FOR EACH ROW WHEN (OLD.name <> NEW.name) EXECUTE FUNCTION candidates_keep_folder_name();
CREATE TRIGGER keep_name_deleted AFTER DELETE ON candidates_folder
FOR EACH ROW EXECUTE FUNCTION candidates_keep_folder_name();
"""

UNDO = """
DROP TRIGGER keep_name_renamed ON candidates_opening;
DROP TRIGGER keep_name_deleted ON candidates_opening;
DROP TRIGGER keep_name_renamed ON candidates_folder;
DROP TRIGGER keep_name_deleted ON candidates_folder;
DROP FUNCTION candidates_keep_opening_name();
DROP FUNCTION candidates_keep_folder_name();
ALTER TABLE candidates_formername DROP CONSTRAINT former_name_workspace;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("workspaces", "0004_restores"),
        ("candidates", "0008_what_a_share_shows"),
    ]

    operations = [
        migrations.CreateModel(
            name="FormerName",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("opening_id", models.BigIntegerField()),
                ("name", models.CharField(max_length=150)),
                (
                    "workspace",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="workspaces.workspace",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("workspace", "opening_id", "name"), name="former_name_once"
                    )
                ]
            },
        ),
        migrations.RunSQL(SQL, UNDO),
    ]
