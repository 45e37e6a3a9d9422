"""What a workspace has set for its journeys."""

from django.db import models

from pipeline.workspaces.models import Workspace


class JourneyRules(models.Model):
    """What a workspace lets stop all runs of a candidate. Without a row: these defaults."""

    workspace = models.OneToOneField(Workspace, models.CASCADE, related_name="journey_rules")
    stop_when_rejected = models.BooleanField("the candidate is rejected", default=True)
    stop_when_hired = models.BooleanField("the candidate is hired", default=True)
    stop_when_opted_out = models.BooleanField("the candidate opts out of messages", default=False)

    class Meta:
        verbose_name_plural = "journey rules"

    def __str__(self) -> str:
        return f"Journey rules of {self.workspace}"

    @classmethod
    def of(cls, workspace_id: int) -> "JourneyRules":
        return cls.objects.filter(workspace=workspace_id).first() or cls(workspace_id=workspace_id)
