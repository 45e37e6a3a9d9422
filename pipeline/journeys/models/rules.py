"""What a workspace has set for its journeys."""

from django.db import models

from pipeline.journeys.reasons import Code, Reason, because
from pipeline.workspaces.models import Workspace


class JourneyRules(models.Model):
    """What a workspace lets stop all runs of a candidate. Without a row: these defaults.

    Asked when something is told: live journeys listen to all of it, whatever is chosen here.
    """

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

    def reason_to_stop(self, what: str) -> Reason | None:
        """Why runs are stopped by what happened, "rejected", "hired" or "opt_out"; None where
        the workspace lets them go on."""
        is_wanted, code = {
            "rejected": (self.stop_when_rejected, Code.REJECTED),
            "hired": (self.stop_when_hired, Code.HIRED),
            "opt_out": (self.stop_when_opted_out, Code.OPTED_OUT),
        }[what]
        return because(code) if is_wanted else None
