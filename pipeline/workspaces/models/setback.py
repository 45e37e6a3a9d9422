"""What the background work could not do, and when it tries again."""

from datetime import timedelta
from typing import ClassVar, Self

from django.db import models
from django.db.models.functions import Now

from pipeline.foundation import database_clock

from .workspace import Workspace

FIRST_SECONDS, FACTOR, MOST_SECONDS = 5, 3, 3600
FORGOTTEN = timedelta(days=1)  # after its time and not tried: the record is gone, or not due again
SERIOUS = 2  # failures in a row from which it is told: the second try repeated the first


class SetbackQuerySet(models.QuerySet["Setback"]):
    def of(self, loop: str) -> Self:
        return self.filter(loop=loop)

    def put_off(self) -> Self:
        """Not to be tried yet."""
        return self.filter(retry_at__gt=Now())

    def shown_at(self, workspace_id: int, link: str) -> Self:
        return self.filter(workspace=workspace_id, link=link).order_by("pk")

    def serious(self) -> Self:
        return self.filter(failures__gte=SERIOUS)

    def forgotten(self) -> Self:
        return self.filter(retry_at__lt=database_clock.now() - FORGOTTEN)


class Setback(models.Model):
    """A record that failed in one of the loops over all workspaces. Gone once it succeeds.

    `loop`, `record` and `part` say what: "journey_steps", the journey's id, a block of it.
    """

    loop = models.CharField(max_length=40)
    record = models.BigIntegerField()
    part = models.CharField(max_length=100, blank=True)
    workspace = models.ForeignKey(Workspace, models.CASCADE, null=True, related_name="setbacks")
    what = models.CharField(max_length=250, help_text="As its owner reads it.")
    link = models.CharField(max_length=200, blank=True, help_text="The page that shows it.")
    failures = models.PositiveIntegerField(default=1, help_text="In a row.")
    error = models.CharField(max_length=500, help_text="For support.")
    began_at = models.DateTimeField(db_default=Now())
    failed_at = models.DateTimeField(db_default=Now())
    retry_at = models.DateTimeField()

    objects = SetbackQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["loop", "record", "part"], name="setback_once")
        ]
        indexes: ClassVar = [models.Index(fields=["workspace", "link"], name="setback_shown")]

    def __str__(self) -> str:
        return f"{self.what}: {self.failures} failures"
