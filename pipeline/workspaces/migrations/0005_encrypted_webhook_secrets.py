from django.db import migrations, models

import pipeline.workspaces.models.webhook
from pipeline.foundation.encryption import decrypted, encrypted

PLAIN = "whsec_"  # what a secret begins with that is not encrypted
FIELDS = ("encrypted_secret", "encrypted_old_secret")


def convert(apps, change):
    Endpoint = apps.get_model("workspaces", "WebhookEndpoint")
    for endpoint in Endpoint.objects.only(*FIELDS).iterator(chunk_size=1000):
        values = {name: change(getattr(endpoint, name)) for name in FIELDS}
        Endpoint.objects.filter(pk=endpoint.pk).update(**values)


def encrypt_secrets(apps, schema_editor):
    convert(apps, lambda secret: encrypted(secret) if secret.startswith(PLAIN) else secret)


def decrypt_secrets(apps, schema_editor):
    convert(apps, decrypted)


class Migration(migrations.Migration):

    dependencies = [
        ('workspaces', '0004_restores'),
    ]

    operations = [
        migrations.RenameField('webhookendpoint', 'secret', 'encrypted_secret'),
        migrations.RenameField('webhookendpoint', 'old_secret', 'encrypted_old_secret'),
        migrations.AlterField(
            model_name='webhookendpoint',
            name='encrypted_secret',
            field=models.TextField(default=pipeline.workspaces.models.webhook.new_encrypted_secret, editable=False),
        ),
        migrations.AlterField(
            model_name='webhookendpoint',
            name='encrypted_old_secret',
            field=models.TextField(blank=True, editable=False),
        ),
        migrations.RunPython(encrypt_secrets, decrypt_secrets),
    ]
