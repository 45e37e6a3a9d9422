"""The models of this room, one file each."""

from .audit import AuditEntry
from .installation import Installation
from .membership import Membership, Role, membership_of, visible_rows
from .setback import Setback
from .user import User
from .webhook import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from .workspace import WEB, Workspace, validate_time_zone, zone_called

__all__ = [
    "WEB",
    "AuditEntry",
    "Installation",
    "Membership",
    "Role",
    "Setback",
    "User",
    "WebhookAttempt",
    "WebhookDelivery",
    "WebhookEndpoint",
    "Workspace",
    "membership_of",
    "validate_time_zone",
    "visible_rows",
    "zone_called",
]
