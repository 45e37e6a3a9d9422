from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from pipeline.workspaces.restores.detection import mark_restored


class Command(BaseCommand):
    help = (
        "Has everything that sends wait until somebody confirms, as after a restore from a backup "
        "that Belay can't notice by itself."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "why", nargs="?", default="Whoever runs this Belay has restored a backup."
        )

    def handle(self, why: str, **options: Any) -> None:
        mark_restored(why)
        self.stdout.write(
            "Messages are on hold in all workspaces. To let them go: manage.py confirm_restore"
        )
