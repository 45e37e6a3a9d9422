"""The events that other systems tell of, and the task that each one makes."""

from django.db import models

from .types import TaskType


class EventType(models.TextChoices):
    INBOUND_CALL = "inbound_call", "Inbound call"
    INBOUND_SMS = "inbound_sms", "Inbound SMS"
    INBOUND_EMAIL = "inbound_email", "Inbound e-mail"
    VOICEMAIL = "voicemail", "Voicemail"
    CALLBACK_REQUESTED = "callback_requested", "Callback requested"
    CALLBACK_CANCELED = "callback_canceled", "Callback canceled"  # makes none, takes some back
    CUSTOM = "custom", "Custom"


TASKS: dict[EventType, TaskType] = {
    EventType.INBOUND_CALL: TaskType.INBOUND_CALL,
    EventType.INBOUND_SMS: TaskType.INBOUND_SMS,
    EventType.INBOUND_EMAIL: TaskType.INBOUND_EMAIL,
    EventType.VOICEMAIL: TaskType.VOICEMAIL,
    EventType.CALLBACK_REQUESTED: TaskType.ASAP_CALLBACK,  # with a time: a Scheduled Callback
    EventType.CUSTOM: TaskType.CUSTOM_TASK,
}
CALLBACKS = (TaskType.ASAP_CALLBACK, TaskType.SCHEDULED_CALLBACK)
