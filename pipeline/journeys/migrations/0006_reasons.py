from django.db import migrations, models


class Migration(migrations.Migration):
    """Reasons are codes with facts.

    The columns `end_reason` and `text` hold codes from now on; a sentence that is there already
    stays, as it is no code, and is shown as it stands. So no row is rewritten, and processes of
    the release before go on writing sentences beside this one.
    """

    dependencies = [("journeys", "0005_scheduled_by")]

    operations = [
        # Only Django's names change: the columns keep theirs.
        migrations.AlterField(
            model_name="run",
            name="end_reason",
            field=models.TextField(blank=True, db_column="end_reason"),
        ),
        migrations.RenameField(model_name="run", old_name="end_reason", new_name="end_code"),
        migrations.AlterField(
            model_name="runstep", name="text", field=models.TextField(db_column="text")
        ),
        migrations.RenameField(model_name="runstep", old_name="text", new_name="code"),
        migrations.AddField(
            model_name="run",
            name="end_facts",
            field=models.JSONField(null=True, help_text="What its sentence names."),
        ),
        migrations.AddField(
            model_name="runstep",
            name="facts",
            field=models.JSONField(null=True, help_text="What its sentence names."),
        ),
    ]
