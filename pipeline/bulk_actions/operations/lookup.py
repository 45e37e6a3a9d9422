"""Which operation an action has: the models don't know the operations."""

from pipeline.bulk_actions.models import BulkAction

from .base import Operation
from .drafts import writes_to_people
from .forgotten import Forgotten

OPERATIONS: dict[str, type[Operation]] = {}  # by key; the package fills it


def kind_of(key: str) -> type[Operation]:
    """The class of the operation with this key; Forgotten where it is gone."""
    return OPERATIONS.get(key, Forgotten)


def operation_of(action: BulkAction) -> Operation:
    """The action's operation with its options; Forgotten where it is gone."""
    return kind_of(action.operation)(action.options, action.opening_ids)


def is_on_hold(action: BulkAction) -> bool:
    """Whether it may not go on, as it writes to people and the database was restored."""
    waits = action.is_active and action.workspace.holds_messages
    return waits and writes_to_people(operation_of(action))
