"""Candidates shown to a reviewer from outside, by a signed link that expires."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from pipeline.foundation import database_clock
from pipeline.workspaces.lost_rights import why_not_starter
from pipeline.workspaces.models import User, Workspace

from .candidate import Candidate, CandidateQuerySet


class Share(models.Model):
    """Who may look, until when. Its link is signed and holds nothing but this row's id."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="shares")
    reviewer = models.EmailField()
    note = models.TextField(blank=True, help_text="What the reviewer reads above the candidates.")
    shown_fields = ArrayField(
        models.CharField(max_length=20),
        default=list,
        blank=True,
        help_text="What the reviewer sees beside the names: of sharing/shown.py, and no more.",
    )
    shown_attributes = ArrayField(
        models.TextField(), default=list, blank=True, help_text="And which attributes."
    )
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
        return self.expires_at > database_clock.now()

    @property
    def why_closed(self) -> str:
        """Why an open share shows nothing (its creator may no longer share), as a sentence.

        Empty while it shows its candidates.
        """
        by, who = self.created_by, "who shared them"
        return why_not_starter(by, self.workspace_id, "Sharing candidates", who)

    def revoke(self) -> bool:
        """End the share now. False when it had already ended."""
        open_share = Share.objects.filter(pk=self.pk, expires_at__gt=Now())
        return bool(open_share.update(expires_at=Now()))

    @property
    def still_there(self) -> CandidateQuerySet:
        """The shared candidates as they are now, without those deleted since.

        And without those that who shared them does not see any more.
        """
        seen = Candidate.objects.visible_to(self.created_by)
        return seen.filter(workspace=self.workspace_id, shares=self).order_by("pk")

    def hidden(self) -> int:
        """Count the candidates not shown because the person who shared them no longer sees them."""
        there = self.candidates.filter(workspace=self.workspace_id)
        return there.count() - self.still_there.count()


class SharedCandidate(models.Model):
    pk = models.CompositePrimaryKey("share_id", "candidate_id")
    share = models.ForeignKey(Share, models.CASCADE, db_index=False)
    candidate = models.ForeignKey(Candidate, models.CASCADE)

    class Meta:
        ordering: ClassVar = ["candidate_id"]
