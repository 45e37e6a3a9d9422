from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('bulk_actions', '0002_follow_ups'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='bulkaction',
            index=models.Index(fields=['ended_at'], name='bulk_action_ended'),
        ),
    ]
