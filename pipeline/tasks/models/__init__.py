"""The models of this room, one file each."""

from .filled_form import FilledForm
from .inbound_event import ApiToken, InboundEvent
from .rules import AgentSkills, TaskRules
from .saved_filter import SavedFilter
from .task import PAST_ORDER, QUEUE_ORDER, Disposition, Task, TaskRelease

__all__ = [
    "PAST_ORDER",
    "QUEUE_ORDER",
    "AgentSkills",
    "ApiToken",
    "Disposition",
    "FilledForm",
    "InboundEvent",
    "SavedFilter",
    "Task",
    "TaskRelease",
    "TaskRules",
]
