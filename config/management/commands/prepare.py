from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import transaction

from pipeline.candidates.demo.load import is_loaded
from pipeline.journeys.demo.load import add_journeys
from pipeline.outreach.demo import add_templates
from pipeline.tasks.demo.load import add_tasks
from pipeline.workspaces.models import Workspace
from pipeline.workspaces.restores.detection import mark_restored


class Command(BaseCommand):
    """For `up`, in one process, because each start of Django costs a second."""

    help = "Migrate the database, collect the static files and load the demo data if there is none."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--demo", type=int, required=True, help="number of demo candidates")
        parser.add_argument("--restored", default="", help="reason to hold all outgoing messages")

    def handle(self, demo: int, restored: str, **options: Any) -> None:
        call_command("migrate", verbosity=0)
        if restored:
            mark_restored(restored)
        if not settings.DEBUG:
            call_command("collectstatic", interactive=False, verbosity=0)
        if not is_loaded():
            with transaction.atomic():
                call_command("load_demo", candidates=demo, stdout=self.stdout)
                workspace = Workspace.objects.get(name="Demo")
                add_templates(workspace)
                add_tasks(workspace)
                add_journeys(workspace)
