"""The models of this room, one file each."""

from .bulk_action import ACTIVE, BulkAction, BulkActionQuerySet, Delivery, FollowUp, Status
from .chunk import Chunk
from .outcome import Outcome, Result

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
