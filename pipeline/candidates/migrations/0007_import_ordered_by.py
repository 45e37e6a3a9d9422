import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("candidates", "0006_import_preview"),
    ]

    operations = [
        migrations.AddField(
            model_name="candidateimport",
            name="ordered_by",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                editable=False,
                help_text="Who has it carried out, and must still be allowed to; empty for the "
                "operator.",
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="candidateimport",
            name="is_revoked",
            field=models.BooleanField(
                default=False,
                editable=False,
                help_text="It failed because who ordered it may no longer import.",
            ),
        ),
    ]
