from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("bulk_actions", "0005_made_at_end")]
    operations = [
        migrations.AddField(
            "outcome",
            "facts",
            models.JSONField(help_text="What the reason's sentence needs.", null=True),
        ),
        migrations.AlterField(
            "outcome", "reason", models.TextField(blank=True, help_text="A code: see reasons.py.")
        ),
    ]
