from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('journeys', '0004_opt_outs'),
    ]

    operations = [
        migrations.AddField(
            model_name='run',
            name='is_slow',
            field=models.BooleanField(db_default=False, help_text='At a block that talks to the outside: see slow.py.'),
        ),
        migrations.RemoveIndex(
            model_name='run',
            name='run_due',
        ),
        migrations.AddIndex(
            model_name='run',
            index=models.Index(condition=models.Q(('state', 'running')), fields=['journey', 'is_slow', 'due_at'], name='run_due'),
        ),
    ]
