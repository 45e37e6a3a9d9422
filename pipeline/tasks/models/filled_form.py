"""What keeps a form from being taken twice."""

from datetime import timedelta
from uuid import UUID

from django.db import models
from django.db.models.functions import Now

from pipeline.workspaces.models import User

from .task import Task

KEPT = timedelta(days=2)  # a form that was opened before that has to be opened again to count


class FilledForm(models.Model):
    """The one-time key of a form that made a task: a double click makes one."""

    key = models.UUIDField(primary_key=True)
    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    task = models.ForeignKey(Task, models.CASCADE, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), db_index=True)

    def __str__(self) -> str:
        return str(self.key)

    @classmethod
    def task_of(cls, key: UUID, user: User) -> Task | None:
        """What that user's first press of the same button made."""
        filled = cls.objects.filter(key=key, user=user).select_related("task").first()
        return filled.task if filled else None

    @classmethod
    def keep(cls, key: UUID, user: User, task: Task) -> None:
        """In the transaction that makes `task`. Raises IntegrityError for a key that was used."""
        cls.objects.filter(created_at__lt=Now() - KEPT).delete()
        cls.objects.create(key=key, user=user, task=task)
