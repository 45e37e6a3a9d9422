"""What is to be created: one task, or one of the same kind for each of many candidates."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from .models.rules import TaskRules
from .models.types import KINDS, Kind, TaskType


@dataclass(frozen=True)
class NewTasks:
    """A task for each of some candidates."""

    workspace_id: int
    type: TaskType
    campaign_id: int | None = None
    campaign_name: str = ""
    priority: int | None = None  # else the campaign's, or Normal
    due_at: datetime | None = None
    notes: str = ""
    # Who makes tasks for many makes none for those who can't be reached like that; a person who
    # makes one knows better, and so does a phone system whose caller just hung up.
    needs_address: bool = True
    has_agent: bool = False  # an agent makes it: one of a Manual type is the agent's at once

    @property
    def kind(self) -> Kind:
        return KINDS[self.type]

    @cached_property
    def most_waiting(self) -> int:
        """So many waiting tasks of the type a candidate may have."""
        return TaskRules.of(self.workspace_id).most_waiting
