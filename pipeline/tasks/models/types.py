"""The fourteen types of tasks, and what each is (DESIGN.md, task types)."""

from dataclasses import dataclass
from enum import StrEnum

from django.db import models

from pipeline.outreach.models import CampaignChannel


class TaskType(models.TextChoices):
    INBOUND_CALL = "inbound_call", "Inbound Call"
    OUTBOUND_CALL = "outbound_call", "Outbound Call"
    MANUAL_OUTBOUND_CALL = "manual_outbound_call", "Manual Outbound Call"
    ASAP_CALLBACK = "asap_callback", "ASAP Callback"
    SCHEDULED_CALLBACK = "scheduled_callback", "Scheduled Callback"
    TRANSFER_CALL = "transfer_call", "Transfer Call"
    VOICEMAIL = "voicemail", "Voicemail"
    INBOUND_SMS = "inbound_sms", "Inbound SMS"
    OUTBOUND_SMS = "outbound_sms", "Outbound SMS"  # the Agent SMS that a journey creates
    MANUAL_OUTBOUND_SMS = "manual_outbound_sms", "Manual Outbound SMS"
    INBOUND_EMAIL = "inbound_email", "Inbound Email"
    MANUAL_OUTBOUND_EMAIL = "manual_outbound_email", "Manual Outbound Email"
    REMINDER = "reminder", "Reminder"
    CUSTOM_TASK = "custom_task", "Custom Task"


class TaskChannel(models.TextChoices):
    """The queues that the desk tells apart."""

    PHONE = "phone", "Calls"
    SMS = "sms", "SMS"
    EMAIL = "email", "E-mail"
    OTHER = "other", "Other"


class Direction(StrEnum):
    INBOUND = "inbound"
    OUTBOUND = "outbound"
    NONE = "none"


@dataclass(frozen=True)
class Kind:
    """What follows from a task's type."""

    channel: TaskChannel
    direction: Direction
    is_manual: bool = False  # made by an agent, and born assigned to that agent
    is_timed: bool = False  # needs a due time, and is not handed out before it

    @property
    def is_outbound(self) -> bool:
        return self.direction == Direction.OUTBOUND


_IN, _OUT, _NONE = Direction.INBOUND, Direction.OUTBOUND, Direction.NONE
_PHONE, _SMS, _EMAIL, _OTHER = TaskChannel

KINDS: dict[TaskType, Kind] = {
    TaskType.INBOUND_CALL: Kind(_PHONE, _IN),
    TaskType.OUTBOUND_CALL: Kind(_PHONE, _OUT),
    TaskType.MANUAL_OUTBOUND_CALL: Kind(_PHONE, _OUT, is_manual=True),
    TaskType.ASAP_CALLBACK: Kind(_PHONE, _OUT),
    TaskType.SCHEDULED_CALLBACK: Kind(_PHONE, _OUT, is_timed=True),
    TaskType.TRANSFER_CALL: Kind(_PHONE, _IN),
    TaskType.VOICEMAIL: Kind(_PHONE, _IN),
    TaskType.INBOUND_SMS: Kind(_SMS, _IN),
    TaskType.OUTBOUND_SMS: Kind(_SMS, _OUT),
    TaskType.MANUAL_OUTBOUND_SMS: Kind(_SMS, _OUT, is_manual=True),
    TaskType.INBOUND_EMAIL: Kind(_EMAIL, _IN),
    TaskType.MANUAL_OUTBOUND_EMAIL: Kind(_EMAIL, _OUT, is_manual=True),
    TaskType.REMINDER: Kind(_OTHER, _NONE, is_timed=True),
    TaskType.CUSTOM_TASK: Kind(_OTHER, _NONE),
}
MANUAL = tuple(type for type, kind in KINDS.items() if kind.is_manual)
TIMED = tuple(type for type, kind in KINDS.items() if kind.is_timed)
QUEUED = tuple(type for type in KINDS if type not in MANUAL)  # those that are born in the queue

# Which types a campaign's tasks may have, the usual one first.
OF_CAMPAIGN: dict[CampaignChannel, tuple[TaskType, ...]] = {
    CampaignChannel.PHONE: (
        TaskType.OUTBOUND_CALL,
        TaskType.ASAP_CALLBACK,
        TaskType.SCHEDULED_CALLBACK,
        TaskType.INBOUND_CALL,
        TaskType.TRANSFER_CALL,
        TaskType.VOICEMAIL,
    ),
    CampaignChannel.SMS: (TaskType.OUTBOUND_SMS, TaskType.INBOUND_SMS),
    CampaignChannel.EMAIL: (TaskType.INBOUND_EMAIL,),
}


def types_of(channel: TaskChannel | str) -> tuple[TaskType, ...]:
    return tuple(type for type, kind in KINDS.items() if kind.channel == channel)
