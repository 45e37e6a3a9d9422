"""A filter of the past tasks that somebody wants again."""

from typing import ClassVar, Self

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models.functions import Lower, Now
from django.urls import reverse

from pipeline.workspaces.models import User, Workspace, membership_of


class SavedFilterQuerySet(models.QuerySet["SavedFilter"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """The user's own, of the workspace that the user is in."""
        membership = membership_of(user)
        if membership is None:
            return self.none()
        return self.filter(user=membership.user_id, workspace=membership.workspace_id)

    def called(self, name: str) -> Self:
        """With that name, whatever the case: as the constraint has it, by the small letters.

        `iexact` compares the capitals, and has the kelvin sign for another letter than "k".
        """
        return self.alias(lowered=Lower("name")).filter(lowered=Lower(models.Value(name)))


class SavedFilter(models.Model):
    """A member's own name for a filter, kept as the end of its address.

    What it names is looked up when it is opened: that may be gone by then, and the page says so.
    """

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    user = models.ForeignKey(User, models.CASCADE, related_name="+", db_index=False)
    name = models.CharField(max_length=100)
    query = models.TextField()
    created_at = models.DateTimeField(db_default=Now())

    objects = SavedFilterQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = [Lower("name"), "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                "user", "workspace", Lower("name"), name="saved_filter_name_unique"
            )
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return f"{reverse('past:list')}?{self.query}"
