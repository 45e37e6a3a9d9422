"""Where a page of the queue begins: after one task, in the order in which they are worked off."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import Q

from pipeline.tasks.models import Task

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TICK = timedelta(microseconds=1)  # what PostgreSQL keeps of a time


@dataclass(frozen=True)
class Cursor:
    """The place of a task in the queue, which stays a place after that task is gone."""

    priority: int
    due_at: datetime | None
    pk: int

    @classmethod
    def at(cls, task: Task) -> "Cursor":
        return cls(task.priority, task.due_at, task.pk)

    @classmethod
    def from_text(cls, text: str) -> "Cursor | None":
        """What `str` made; None, which is the top, for anything else."""
        match = re.fullmatch(r"(\d)-(\d{0,16})-(\d{1,18})", text, re.ASCII)
        if match is None:
            return None
        priority, due, pk = match.groups()
        return cls(int(priority), EPOCH + int(due) * TICK if due else None, int(pk))

    def __str__(self) -> str:
        due = "" if self.due_at is None else (self.due_at - EPOCH) // TICK
        return f"{self.priority}-{due}-{self.pk}"

    @property
    def parts(self) -> list[Q]:
        """What follows, as stretches that lie together in an index: one OR would be walked whole.

        Those without a due time come last in their priority.
        """
        same = Q(priority=self.priority)
        later = [Q(priority__lt=self.priority)]
        if self.due_at is None:
            return [same & Q(due_at=None, pk__gt=self.pk), *later]
        return [
            same & Q(due_at=self.due_at, pk__gt=self.pk),
            same & Q(due_at__gt=self.due_at),
            same & Q(due_at=None),
            *later,
        ]
