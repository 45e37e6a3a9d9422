"""The models of this room, one file each."""

from .bulk_action import BulkAction, BulkActionQuerySet
from .chunk import Chunk
from .outcome import Outcome, Result
from .status import ACTIVE, Delivery, FollowUp, Status

__all__ = [
    "ACTIVE",
    "BulkAction",
    "BulkActionQuerySet",
    "Chunk",
    "Delivery",
    "FollowUp",
    "Outcome",
    "Result",
    "Status",
]
