from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from pipeline.workspaces.restores.detection import mark_restored


class Command(BaseCommand):
    help = (
        "Hold all outgoing messages until someone confirms. Run this after you "
        "restore a backup in a way that Belay can't detect."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("why", nargs="?", default=_("An administrator has restored a backup."))

    def handle(self, why: str, **options: Any) -> None:
        mark_restored(why)
        self.stdout.write(
            _(
                "Messages are on hold in all workspaces. To release them, run: manage.py "
                "confirm_restore"
            )
        )
