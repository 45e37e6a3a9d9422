"""The models of this room, one file each."""

from .campaign import (
    Campaign,
    CampaignChannel,
    CampaignQuerySet,
    CampaignState,
    CampaignWork,
    Priority,
)
from .channel import NOUNS, PLURALS, Channel, Contact
from .message import Message, MessageStatus
from .message_limit import MessageLimit, MessageUse, Period
from .message_template import MessageTemplate
from .messaging_rules import MessagingRules
from .opt_out import OptOut

__all__ = [
    "NOUNS",
    "PLURALS",
    "Campaign",
    "CampaignChannel",
    "CampaignQuerySet",
    "CampaignState",
    "CampaignWork",
    "Channel",
    "Contact",
    "Message",
    "MessageLimit",
    "MessageStatus",
    "MessageTemplate",
    "MessageUse",
    "MessagingRules",
    "OptOut",
    "Period",
    "Priority",
]
