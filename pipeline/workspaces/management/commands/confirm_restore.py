from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from pipeline.foundation.words import counted
from pipeline.workspaces.models import Workspace
from pipeline.workspaces.restores.confirming import confirm


class Command(BaseCommand):
    help = "Lets messages go out again after a restore: in all workspaces, or in the named one."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--workspace", help="its name; without one, all of them")

    def handle(self, workspace: str | None, **options: Any) -> None:
        found = Workspace.objects.filter(name=workspace) if workspace else Workspace.objects.all()
        if not found:
            raise CommandError(f"There is no workspace {workspace}.")
        count = sum(confirm(row, None) for row in found)
        self.stdout.write(f"Messages go out again in {counted(count, 'workspace')}.")
