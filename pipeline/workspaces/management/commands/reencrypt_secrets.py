from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils.translation import gettext as _

from pipeline.foundation.encryption import Unreadable, is_of_newest_key, with_newest_key
from pipeline.workspaces.models.webhook import WebhookEndpoint

FIELDS = ("encrypted_secret", "encrypted_old_secret")


class Command(BaseCommand):
    help = (
        "Re-encrypt with SECRET_KEY all stored secrets that still need one of "
        "SECRET_KEY_FALLBACKS. You can then remove the fallbacks."
    )

    def handle(self, **options: Any) -> None:
        endpoints = list(WebhookEndpoint.objects.values_list("pk", flat=True))
        done, lost = 0, []
        for pk in endpoints:
            try:
                done += renew(pk)
            except Unreadable:
                lost.append(pk)
        self.stdout.write(f"Encrypted the secrets of {done} webhooks with the newest key.")
        if lost:
            raise CommandError(
                _(
                    "The secrets of %(number)s webhooks can't be read with any of the "
                    "keys: %(ids)s. Add their key to SECRET_KEY_FALLBACKS and run this "
                    "again, or ask their owners to create new secrets."
                )
                % {"number": len(lost), "ids": ", ".join(map(str, lost[:20]))}
            )


@transaction.atomic
def renew(pk: int) -> bool:
    """Whether there was anything to do. The row is locked: nobody makes a new secret meanwhile."""
    endpoint = WebhookEndpoint.objects.select_for_update().filter(pk=pk).first()
    old = [name for name in FIELDS if endpoint and not is_of_newest_key(getattr(endpoint, name))]
    for name in old:
        setattr(endpoint, name, with_newest_key(getattr(endpoint, name)))
    if endpoint and old:
        endpoint.save(update_fields=old)
    return bool(old)
