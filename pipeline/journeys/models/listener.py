"""What live journeys wait to hear of candidates, and what was heard."""

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now

from pipeline.candidates.models import Candidate
from pipeline.workspaces.models import Workspace

from .journey import Journey


class Kind(models.TextChoices):
    CREATED = "created", "Candidate created or imported"
    FOLDER = "folder", "Candidate enters a folder"
    LABEL = "label", "Label added"
    EVENT = "event", "Custom event"
    OUTCOME = "outcome", "Candidate rejected or hired"  # listened to for JourneyRules
    OPT_OUT = "opt_out", "Candidate opts out of messages"  # the same


def key(kind: str, ref: int | None = None, name: str = "") -> str:
    """What Run.waiting_for holds while it waits for that: "label:12", "event:paid"."""
    return f"{kind}:{ref if ref is not None else event_name(name)}"


def event_name(written: str) -> str:
    """The name of an event as it is compared and kept: whoever types it into a journey has seen it
    in another system, so neither capital letters nor blanks around it matter."""
    return written.strip().casefold()[:100]


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
