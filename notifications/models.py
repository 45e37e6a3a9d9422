"""What the bell keeps for each user."""

from collections.abc import Iterable
from typing import ClassVar, Self

from django.contrib.auth.models import AnonymousUser
from django.db import connection, models
from django.db.models import Q
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from pipeline.workspaces.models import User


class NoticeQuerySet(models.QuerySet["Notice"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        return self.filter(user=user.pk)

    def unread(self) -> Self:
        return self.filter(read_at=None)

    def mark_read(self) -> bool:
        """Mark all unread notices as read. False when there were none."""
        return bool(self.unread().update(read_at=Now()))

    def keep(self, notices: Iterable["Notice"]) -> set[int]:
        """Store those that nobody stored before. Returns the ids of the users they are news to.

        Two who tell the same at the same moment are made one by the constraint `notice_once`;
        bulk_create could ignore the second one too, but would not say whose it was.
        """
        rows = [(notice.user_id, notice.about, notice.text, notice.link) for notice in notices]
        if not rows:
            return set()
        with connection.cursor() as cursor:
            cursor.execute(KEEP, [list(column) for column in zip(*rows, strict=True)])
            return {user for (user,) in cursor.fetchall()}


KEEP = """
INSERT INTO notifications_notice (user_id, about, text, link)
SELECT * FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[])
ON CONFLICT (user_id, about) DO NOTHING
RETURNING user_id
"""


class Notice(models.Model):
    """One thing that one user is told once, however often what tells it runs."""

    user = models.ForeignKey(User, models.CASCADE, related_name="notices", db_index=False)
    about = models.CharField(max_length=80, help_text="What it tells; a user hears it once.")
    text = models.CharField(max_length=400)
    link = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    read_at = models.DateTimeField(null=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-pk"]
        indexes: ClassVar = [
            models.Index(fields=["user", "id"], name="notice_user"),
            models.Index(fields=["user"], name="notice_unread", condition=Q(read_at=None)),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "about"], name="notice_once")
        ]

    def __str__(self) -> str:
        return self.text

    def get_absolute_url(self) -> str:
        """The address that marks the notice as read and leads to what it is about."""
        return reverse("notifications:open", args=[self.pk])

    @property
    def target(self) -> str:
        """A page of this site: what it is about, else all notices."""
        is_ours = self.link.startswith("/") and url_has_allowed_host_and_scheme(self.link, None)
        return self.link if is_ours else reverse("notifications:history")
