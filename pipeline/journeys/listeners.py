"""What live journeys wait to hear of candidates, and what was heard."""

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now

from pipeline.candidates.models import Candidate
from pipeline.workspaces.models import Workspace

from .models import Journey


class Listener(models.Model):
    """What a live journey waits to hear of candidates: its trigger, or the event of a Wait.

    Only what is listened to is written down as a Happening. Kept by publish, pause, resume and
    archive, and by them alone.
    """

    journey = models.ForeignKey(Journey, models.CASCADE, related_name="listeners")
    workspace = models.ForeignKey(Workspace, models.CASCADE)
    kind = models.CharField(max_length=20)  # happenings.Kind
    ref = models.BigIntegerField(null=True)  # the folder or label
    name = models.CharField(max_length=100, blank=True)  # of a custom event
    is_trigger = models.BooleanField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["workspace", "kind", "ref"], name="listener")]

    def __str__(self) -> str:
        return f"{self.journey}: {self.kind}"


class Happening(models.Model):
    """Something that happened to a candidate and that some journey listens to; gone when told.

    Written by triggers of the database (migration 0002), in the transaction that made it happen:
    whoever changes a candidate, and however many at once, nothing is missed.
    """

    workspace = models.ForeignKey(Workspace, models.CASCADE, db_index=False, db_constraint=False)
    candidate = models.ForeignKey(
        Candidate, models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    kind = models.CharField(max_length=20)
    ref = models.BigIntegerField(null=True)
    name = models.CharField(max_length=100, db_default="", blank=True)
    properties = models.JSONField(db_default={}, default=dict)
    at = models.DateTimeField(db_default=Now())
    put_off_until = models.DateTimeField(null=True, help_text="It could not be told before.")
    only_for = models.BigIntegerField(
        null=True, help_text="The journey that has yet to hear of it; empty: nobody has heard."
    )

    class Meta:
        ordering: ClassVar = ["pk"]

    def __str__(self) -> str:
        return f"{self.kind} {self.ref or self.name}"
