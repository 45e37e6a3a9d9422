"""The frozen selection of a bulk action, in slices."""

import math
from typing import ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Max, Q


class ChunkQuerySet(models.QuerySet["Chunk"]):
    def pending(self) -> Self:
        return self.filter(is_done=False)


class Chunk(models.Model):
    """A slice of the frozen selection."""

    action = models.ForeignKey("BulkAction", models.CASCADE, related_name="chunks", db_index=False)
    number = models.PositiveIntegerField()
    candidate_ids = ArrayField(models.BigIntegerField())
    is_done = models.BooleanField(default=False)
    attempts = models.PositiveSmallIntegerField(default=0)  # failed ones
    # Whose it is, where candidates are handed over one by one: only this lane works on it.
    lane = models.PositiveSmallIntegerField(null=True)

    objects = ChunkQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["action", "number"], name="chunk_pending", condition=Q(is_done=False)
            )
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["action", "number"], name="chunk_number_unique")
        ]

    def split(self) -> bool:
        """Replace it by smaller ones, so that one row can't take the others with it.

        Twice is enough to come down to single candidates. False for one that is single.
        """
        ids = self.candidate_ids
        if len(ids) == 1:
            return False
        size = math.isqrt(len(ids))
        free = Chunk.objects.filter(action=self.action_id).aggregate(last=Max("number"))["last"] + 1
        Chunk.objects.bulk_create(
            Chunk(action_id=self.action_id, number=number, candidate_ids=ids[start : start + size])
            for number, start in enumerate(range(0, len(ids), size), start=free)
        )
        self.delete()
        return True
