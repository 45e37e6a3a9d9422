"""Texts with placeholders, to send messages from."""

from typing import ClassVar, Self

from django.contrib.auth.models import AnonymousUser
from django.db import models

from pipeline.workspaces.models import User, Workspace, membership_of

from .channel import Channel


class MessageTemplateQuerySet(models.QuerySet["MessageTemplate"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        membership = membership_of(user)
        return self.filter(workspace=membership.workspace_id) if membership else self.none()


class MessageTemplate(models.Model):
    """A text with placeholders like {first_name}; see placeholders.py for which there are."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="message_templates")
    name = models.CharField(max_length=100)
    channel = models.CharField(max_length=10, choices=Channel)
    subject = models.CharField(max_length=200, blank=True, help_text="Of an e-mail.")
    body = models.TextField()

    objects = MessageTemplateQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["workspace", "name"], name="template_name_unique")
        ]

    def __str__(self) -> str:
        return self.name
