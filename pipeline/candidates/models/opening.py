"""A job that candidates apply to, and its folders."""

from typing import ClassVar, Self

from django.contrib.auth.models import AnonymousUser
from django.db import models

from pipeline.workspaces.models import Membership, User, Workspace, membership_of

from .named import NamedOnce


class OpeningQuerySet(models.QuerySet["Opening"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Openings of the user's workspace; for a limited member, those given to them."""
        membership = membership_of(user)
        if membership is None:
            return self.none()
        found = self.filter(workspace=membership.workspace_id)
        return found.filter(members=membership) if membership.is_limited else found


class Opening(NamedOnce):
    """A job that candidates apply to; its folders, in order, are its pipeline."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="openings")
    name = models.CharField(max_length=150)
    members = models.ManyToManyField(
        Membership,
        blank=True,
        related_name="openings",
        help_text="Limited members who see this opening; members without a limit see all.",
    )

    objects = OpeningQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["workspace", "name"], name="opening_name_unique")
        ]

    def __str__(self) -> str:
        return self.name

    def add_default_folders(self) -> None:
        Folder.objects.bulk_create(
            Folder(opening=self, name=kind.label, kind=kind, position=position)
            for position, kind in enumerate(FolderKind)
        )

    @property
    def inbox(self) -> "Folder":
        """The first folder: where new candidates go."""
        return self.folders.order_by("position", "pk")[0]


class FolderQuerySet(models.QuerySet["Folder"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        return self.filter(opening__in=Opening.objects.visible_to(user))


class FolderKind(models.TextChoices):
    """What the folders that each opening begins with are for, whatever they are renamed to."""

    INBOX = "inbox", "Inbox"
    COMPLETED = "completed", "Completed"
    SHORTLISTED = "shortlisted", "Shortlisted"
    ON_HOLD = "on_hold", "On Hold"
    HIRED = "hired", "Hired"
    REJECTED = "rejected", "Rejected"
    NO_RESPONSE = "no_response", "No Response"


class Folder(NamedOnce):
    owner_field = "opening"

    opening = models.ForeignKey(Opening, models.CASCADE, related_name="folders")
    name = models.CharField(max_length=60)
    position = models.PositiveSmallIntegerField(default=0)
    kind = models.CharField(
        max_length=20, choices=FolderKind, blank=True, help_text="Empty for a custom folder."
    )

    objects = FolderQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["opening", "position", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["opening", "name"], name="folder_name_unique"),
            models.UniqueConstraint(
                fields=["opening", "kind"],
                name="folder_kind_unique",
                condition=~models.Q(kind=""),
            ),
        ]

    def __str__(self) -> str:
        return self.name
