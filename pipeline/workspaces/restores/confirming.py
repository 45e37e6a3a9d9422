"""Letting messages go out again after a restore: somebody has to say so."""

from django.db import transaction

from pipeline.workspaces.models import User, Workspace
from pipeline.workspaces.models.audit import record


@transaction.atomic
def confirm(workspace: Workspace, by: User | None) -> bool:
    """Let its messages go out from now on. False when they were not on hold.

    `by` is None for whoever runs this Belay.
    """
    held = Workspace.objects.filter(pk=workspace.pk, messages_held_since__isnull=False)
    if not held.update(messages_held_since=None, messages_held_why=""):
        return False
    record(workspace, by, "confirmed after a restore", "that messages go out again")
    return True
