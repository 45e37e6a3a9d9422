from django.db import migrations, models


class Migration(migrations.Migration):
    """NULL is "as the role says": nobody's right changes but agents' and support's."""

    dependencies = [("workspaces", "0006_sessions_ended")]

    operations = [
        migrations.AddField(
            model_name="membership",
            name="may_export",
            field=models.BooleanField(
                blank=True,
                help_text="Unknown: as the role says. Owners, Admins and Recruiters may.",
                null=True,
                verbose_name="may download lists",
            ),
        ),
    ]
