import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

PUBLISHERS = """
UPDATE journeys_journey AS journey SET scheduled_by_id = version.published_by_id
FROM journeys_journeyversion AS version WHERE version.id = journey.version_id;
-- What is checked at the commit must be checked before the new key is made.
SET CONSTRAINTS ALL IMMEDIATE;
"""


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("journeys", "0004_setbacks"),
    ]

    operations = [
        migrations.AddField(
            model_name="journey",
            name="scheduled_by",
            field=models.ForeignKey(
                help_text="Who published or resumed it last: its schedule enrolls whom this member "
                "sees, for as long as this member may publish it.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="journey",
            name="paused_at",
            field=models.DateTimeField(help_text="When Belay itself paused it.", null=True),
        ),
        migrations.AddField(
            model_name="journey",
            name="paused_why",
            field=models.TextField(blank=True, help_text="Why Belay itself paused it."),
        ),
        migrations.RunSQL(PUBLISHERS, migrations.RunSQL.noop),
    ]
