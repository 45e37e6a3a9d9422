from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from pipeline.foundation.words import counted
from pipeline.workspaces.models import Workspace
from pipeline.workspaces.restores.confirming import confirm


class Command(BaseCommand):
    help = "Release the messages held after a restore, in all workspaces or in one."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--workspace", help=_("name of one workspace; all workspaces if omitted")
        )

    def handle(self, workspace: str | None, **options: Any) -> None:
        found = Workspace.objects.filter(name=workspace) if workspace else Workspace.objects.all()
        if not found:
            raise CommandError(
                _("There is no workspace called “%(workspace)s”.") % {"workspace": workspace}
            )
        count = sum(confirm(row, None) for row in found)
        self.stdout.write(f"Messages go out again in {counted(count, 'workspace')}.")
