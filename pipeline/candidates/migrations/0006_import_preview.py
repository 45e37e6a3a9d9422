from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('candidates', '0005_share_bulk_action'),
    ]

    operations = [
        migrations.AddField(
            model_name='candidateimport',
            name='preview',
            field=models.JSONField(blank=True, default=dict),
        ),
    ]
