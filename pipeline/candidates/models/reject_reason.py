"""Why candidates are rejected, in a workspace's own words."""

from typing import ClassVar, Self

from django.contrib.auth.models import AnonymousUser
from django.db import models

from pipeline.workspaces.models import User, Workspace, membership_of

from .named import NamedOnce


class RejectReasonQuerySet(models.QuerySet["RejectReason"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        membership = membership_of(user)
        return self.filter(workspace=membership.workspace_id) if membership else self.none()


class RejectReason(NamedOnce):
    """Why a candidate may be rejected. Kept on the profile as text, and never sent to anybody."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="reject_reasons")
    name = models.CharField(max_length=100)

    objects = RejectReasonQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["workspace", "name"], name="reject_reason_unique")
        ]

    def __str__(self) -> str:
        return self.name
