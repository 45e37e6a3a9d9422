"""What a workspace has set for its messages."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models

from pipeline.workspaces.models import Workspace

WORD_CHARACTERS = 40
MOST_WORDS = 50


class MessagingRules(models.Model):
    """What a workspace has set for its messages. Without a row: these defaults."""

    workspace = models.OneToOneField(Workspace, models.CASCADE, related_name="messaging_rules")
    stop_words = ArrayField(
        models.CharField(max_length=WORD_CHARACTERS),
        size=MOST_WORDS,
        default=list,
        blank=True,
        help_text="Answers by SMS that opt the number out, beside STOP and the other usual ones.",
    )

    class Meta:
        verbose_name_plural: ClassVar = "messaging rules"

    def __str__(self) -> str:
        return f"Messaging rules of {self.workspace}"

    @classmethod
    def of(cls, workspace: Workspace) -> "MessagingRules":
        return cls.objects.filter(workspace=workspace).first() or cls(workspace=workspace)
