"""Shares of before there was a choice show the safe part alone: names and the opening."""

import django.contrib.postgres.fields
from django.db import migrations, models

HELP = {
    "shown_fields": "What the reviewer sees beside the names: of sharing/shown.py, and no more.",
    "shown_attributes": "And which attributes.",
}


def array(of, name, default):
    return django.contrib.postgres.fields.ArrayField(
        base_field=of, blank=True, default=default, help_text=HELP[name], size=None
    )


class Migration(migrations.Migration):
    dependencies = [("candidates", "0007_import_ordered_by")]

    operations = [
        migrations.AddField(
            "share",
            "shown_fields",
            array(models.CharField(max_length=20), "shown_fields", ["opening"]),
        ),
        migrations.AlterField(
            "share", "shown_fields", array(models.CharField(max_length=20), "shown_fields", list)
        ),
        migrations.AddField(
            "share", "shown_attributes", array(models.TextField(), "shown_attributes", list)
        ),
    ]
