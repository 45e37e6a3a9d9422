"""Labels of a workspace."""

from typing import ClassVar, Self

from django.contrib.auth.models import AnonymousUser
from django.db import models

from pipeline.workspaces.models import User, Workspace, membership_of

from .named import NamedOnce


class LabelQuerySet(models.QuerySet["Label"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        membership = membership_of(user)
        return self.filter(workspace=membership.workspace_id) if membership else self.none()


class Label(NamedOnce):
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="labels")
    name = models.CharField(max_length=60)

    objects = LabelQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["workspace", "name"], name="label_name_unique")
        ]

    def __str__(self) -> str:
        return self.name
