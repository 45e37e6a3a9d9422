"""What an event may say: every field of it is right, or the sender reads what is wrong."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _

from pipeline.candidates.addresses import normal_phone
from pipeline.candidates.importing.cleaning import text
from pipeline.tasks.models.event_types import EventType
from pipeline.workspaces.models import Workspace

from .fields import (
    CampaignNumber,
    Choice,
    Email,
    EventId,
    Flag,
    Id,
    IdOrName,
    Moment,
    PriorityField,
    Properties,
    Text,
    WebAddress,
)
from .refusals import Errors

WHO = ("candidate", "phone", "email")
EVERY = ("id", "type", *WHO, "opening", "occurred_at")
WITH_CAMPAIGN = ("text", "priority", "campaign")
# What the types take besides.
ALSO: dict[EventType, tuple[str, ...]] = {
    EventType.INBOUND_CALL: (*WITH_CAMPAIGN, "recording_url"),
    EventType.INBOUND_SMS: WITH_CAMPAIGN,
    EventType.INBOUND_EMAIL: (*WITH_CAMPAIGN, "subject"),
    EventType.VOICEMAIL: (*WITH_CAMPAIGN, "recording_url"),
    EventType.CALLBACK_REQUESTED: (*WITH_CAMPAIGN, "callback_at"),
    EventType.CALLBACK_CANCELED: ("text",),
    EventType.CUSTOM: ("name", "text", "priority", "properties", "task"),
}


class EventForm(forms.Form):
    """The fields of all types. `problems` is empty where `payload` fits its own type."""

    id = EventId()
    type = Choice(EventType.values, required=True)
    candidate = Id()
    phone = Text(50)
    email = Email(320, "Send one e-mail address, like ana@example.com.")
    opening = IdOrName()
    occurred_at = Moment(latest=1)
    text = Text(50_000)
    subject = Text(500)
    recording_url = WebAddress()
    callback_at = Moment(earliest=1, latest=366)
    campaign = CampaignNumber()
    priority = PriorityField()
    name = Text(100)
    properties = Properties()
    task = Flag()

    def __init__(self, payload: dict[str, Any], workspace: Workspace) -> None:
        # Many programs send what they have nothing for as null, or as an empty text.
        self.given = {name: value for name, value in payload.items() if value not in (None, "")}
        self.region = workspace.phone_region
        super().__init__(self.given)
        if payload.get("type") == EventType.CUSTOM:
            self.fields["name"].required = True

    @property
    def problems(self) -> Errors:
        """A sentence for each wrong field."""
        wrong = {name: " ".join(map(str, errors)) for name, errors in self.errors.items()}
        return {**wrong, **self.misfits()}

    def clean_phone(self) -> str:
        written: str = self.cleaned_data["phone"]
        number = normal_phone(text(written), self.region)
        if written and not number:
            raise forms.ValidationError(HOW_TO_WRITE[bool(self.region)].format(self.region))
        return number

    def clean(self) -> None:
        if not any(name in self.given for name in WHO):
            self.add_error(
                "candidate", _("Say who the event is about: send candidate, phone or email.")
            )

    def misfits(self) -> Errors:
        """Fields that the type does not take. A misspelled one is not ignored: a callback_At that
        is would make an ASAP Callback of a Scheduled one, and nobody would know."""
        type = self.cleaned_data.get("type")
        taken = (*EVERY, *ALSO[EventType(type)]) if type else tuple(self.fields)
        what = f"An event of the type {type}" if type else "An event"
        sentence = _("%(what)s does not take this field. Remove it, or use one of %(fields)s.") % {
            "what": what,
            "fields": ", ".join(taken),
        }
        return {name[:100]: sentence for name in self.given if name not in taken}


HOW_TO_WRITE = {
    False: "This is not a phone number with its country. Send it like +447700900123.",
    True: "This is not a phone number. Send it like +447700900123, or as it is written in {}.",
}
