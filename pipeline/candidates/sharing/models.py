"""Candidates shown to a reviewer from outside, by a signed link that expires."""

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from pipeline.candidates.models import Candidate, CandidateQuerySet
from pipeline.workspaces.models import User, Workspace


class Share(models.Model):
    """Who may look, until when. Its link is signed and holds nothing but this row's id."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="shares")
    reviewer = models.EmailField()
    note = models.TextField(blank=True, help_text="What the reviewer reads above the candidates.")
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    bulk_action_id = models.IntegerField(
        null=True, unique=True, help_text="What made it, by id alone: that room is above this one."
    )
    candidates = models.ManyToManyField(Candidate, through="SharedCandidate", related_name="shares")

    def __str__(self) -> str:
        return f"Shared with {self.reviewer}"

    @property
    def is_open(self) -> bool:
        return self.expires_at > timezone.now()

    def revoke(self) -> bool:
        """End it now. False when it had ended before."""
        mine = Share.objects.filter(pk=self.pk, expires_at__gt=Now())
        return bool(mine.update(expires_at=Now()))

    @property
    def still_there(self) -> CandidateQuerySet:
        """Its candidates, as they are now, without those that were deleted since."""
        candidates = Candidate.objects.filter(workspace=self.workspace_id, shares=self)
        return candidates.order_by("pk")


class SharedCandidate(models.Model):
    pk = models.CompositePrimaryKey("share_id", "candidate_id")
    share = models.ForeignKey(Share, models.CASCADE, db_index=False)
    candidate = models.ForeignKey(Candidate, models.CASCADE)

    class Meta:
        ordering: ClassVar = ["candidate_id"]
