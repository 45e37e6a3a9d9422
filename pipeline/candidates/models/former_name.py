"""What openings and folders were called before they were renamed or deleted."""

from typing import ClassVar

from django.db import models

from pipeline.workspaces.models import Workspace


class FormerName(models.Model):
    """Written by triggers alone (migration 0009). Sentences that were written then still hold it.

    `opening_id` is an id alone, of the opening or of the folder's: that may be gone as well.
    """

    workspace = models.ForeignKey(
        Workspace, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    opening_id = models.BigIntegerField()
    name = models.CharField(max_length=150)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["workspace", "opening_id", "name"], name="former_name_once"
            )
        ]

    def __str__(self) -> str:
        return self.name
