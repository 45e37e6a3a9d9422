"""What became of each candidate of a bulk action."""

from typing import ClassVar, Self

from django.db import models
from django.db.models.functions import Now

from pipeline.candidates.models import Candidate


class Result(models.IntegerChoices):
    CHANGED = 1
    UNCHANGED = 2
    FAILED = 3


class OutcomeQuerySet(models.QuerySet["Outcome"]):
    def changed(self) -> Self:
        return self.filter(result=Result.CHANGED)

    def done(self) -> Self:
        return self.filter(result__in=[Result.CHANGED, Result.UNCHANGED])

    def failed(self) -> Self:
        return self.filter(result=Result.FAILED)


class Outcome(models.Model):
    """What became of one candidate in one bulk action, and what was there before.

    The key makes it impossible to process a candidate twice in one action. It has no foreign
    keys in the database: they would cost more than the row, and outcomes outlive candidates.
    """

    pk = models.CompositePrimaryKey("candidate_id", "action_id")
    action = models.ForeignKey(
        "BulkAction", models.CASCADE, related_name="outcomes", db_constraint=False, db_index=False
    )
    candidate = models.ForeignKey(
        Candidate, models.DO_NOTHING, related_name="outcomes", db_constraint=False, db_index=False
    )
    result = models.PositiveSmallIntegerField(choices=Result)
    reason = models.TextField(blank=True, help_text="A code: see reasons.py.")
    before = models.JSONField(default=dict)
    at = models.DateTimeField(db_default=Now())
    # The last column, and NULL where the code says all: then it takes no room on disk.
    facts = models.JSONField(null=True, help_text="What the reason's sentence needs.")

    objects = OutcomeQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["action", "result", "candidate"], name="outcome_lists")
        ]
