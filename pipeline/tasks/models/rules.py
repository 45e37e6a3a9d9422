"""What a workspace has set for its tasks, and for those who work on them."""

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from pipeline.candidates.models import Opening
from pipeline.workspaces.models import Membership, Workspace

from .types import TaskType


class AgentSkills(models.Model):
    """Which tasks a member is handed by *Next task*. Without a row, or with an empty list: all."""

    membership = models.OneToOneField(Membership, models.CASCADE, related_name="skills")
    types = ArrayField(models.CharField(max_length=30, choices=TaskType), default=list, blank=True)
    openings = models.ManyToManyField(Opening, blank=True, related_name="+")

    class Meta:
        verbose_name_plural = "agent skills"

    def __str__(self) -> str:
        return f"Skills of {self.membership.user}"


class TaskRules(models.Model):
    """What a workspace has set for its tasks. Without a row: these defaults."""

    workspace = models.OneToOneField(Workspace, models.CASCADE, related_name="task_rules")
    cancel_after_days = models.PositiveSmallIntegerField(
        "cancel after",
        default=14,
        validators=[MinValueValidator(1), MaxValueValidator(3650)],
        help_text="Days. A task that nobody has accepted for so long is canceled.",
    )
    most_waiting = models.PositiveSmallIntegerField(
        "waiting tasks of one type",
        default=5,
        validators=[MinValueValidator(1), MaxValueValidator(1000)],
        help_text="The most that one candidate may have: what stops a loop.",
    )

    class Meta:
        verbose_name_plural = "task rules"

    def __str__(self) -> str:
        return f"Task rules of {self.workspace}"

    @classmethod
    def of(cls, workspace_id: int) -> "TaskRules":
        return cls.objects.filter(workspace=workspace_id).first() or cls(workspace_id=workspace_id)
