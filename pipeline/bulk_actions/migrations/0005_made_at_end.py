from django.db import migrations, models

MADE_AT_END = ("export", "share_with_reviewer")


def mark(apps, schema_editor):
    actions = apps.get_model("bulk_actions", "BulkAction").objects
    actions.filter(operation__in=MADE_AT_END).update(is_made_at_end=True)


class Migration(migrations.Migration):
    dependencies = [("bulk_actions", "0004_discarded")]
    operations = [
        migrations.AddField(
            "bulkaction",
            "is_made_at_end",
            models.BooleanField(
                db_default=False,
                default=False,
                help_text="Its candidates are only prepared one by one, for one file or e-mail at"
                " the end. Until that has left, a stop takes all of it back.",
            ),
        ),
        migrations.RunPython(mark, migrations.RunPython.noop),
    ]
