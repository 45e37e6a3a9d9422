"""What senders are told: each type of event with an example and its answer.

A test sends every example as it stands on the page, and compares the answer.
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from pipeline.tasks.models.event_types import TASKS, EventType
from pipeline.tasks.models.types import TaskType

from .forms import ALSO

ANA = "+447700900123"


@dataclass(frozen=True)
class Documented:
    type: EventType
    about: str
    payload: dict[str, Any]
    makes: TaskType | None
    second: str = ""  # which one it is, where its type has two

    @property
    def anchor(self) -> str:
        return f"{self.type}_{self.second}" if self.second else str(self.type)

    @property
    def example(self) -> str:
        return json.dumps({"type": self.type, **self.payload}, indent=2, ensure_ascii=False)

    @property
    def outcome(self) -> str:
        if self.type == EventType.CALLBACK_CANCELED:
            return "cancels callbacks"
        if self.makes is None:
            return _("for journeys only")
        is_callback = self.type == EventType.CALLBACK_REQUESTED
        return (
            _("creates an ASAP or Scheduled Callback")
            if is_callback
            else f"creates {self.makes.label}"
        )

    @property
    def answer(self) -> str:
        answer: dict[str, Any] = {"task": 4821, "type": self.makes, "candidate": 1207}
        if self.makes is None:
            answer |= {"task": None, "type": self.type}
        if self.type == EventType.CALLBACK_CANCELED:
            answer["canceled"] = [4820]
        return json.dumps(answer)

    @property
    def also(self) -> str:
        return ", ".join(ALSO[self.type])


def documented(now: datetime) -> list[Documented]:
    """The examples; their times are before and after `now`, so that they can be tried."""
    an_hour_ago = (now - timedelta(hours=1)).isoformat(timespec="seconds")
    tomorrow = (now + timedelta(days=1)).replace(hour=15, minute=0, second=0, microsecond=0)
    return [
        Documented(
            EventType.INBOUND_CALL,
            _("A candidate called, and an agent has to answer or call back."),
            {
                "id": "call-1001",
                "phone": ANA,
                "occurred_at": an_hour_ago,
                "text": "Chose 2: questions about the contract.",
                "recording_url": "https://pbx.example.com/recordings/1001.mp3",
                "priority": "high",
            },
            TASKS[EventType.INBOUND_CALL],
        ),
        Documented(
            EventType.INBOUND_SMS,
            _("A candidate sent a text message."),
            {"id": "sms-1002", "phone": ANA, "text": "Can I start on Monday?"},
            TASKS[EventType.INBOUND_SMS],
        ),
        Documented(
            EventType.INBOUND_EMAIL,
            _("A candidate sent an e-mail."),
            {
                "id": "mail-1003",
                "email": "ana.ruiz@example.com",
                "opening": "Barista, Lisbon",
                "subject": "My documents",
                "text": "Hello, my ID card is attached.",
            },
            TASKS[EventType.INBOUND_EMAIL],
        ),
        Documented(
            EventType.VOICEMAIL,
            _("A candidate left a voicemail. Send text if you have a transcript."),
            {
                "id": "voicemail-1004",
                "phone": ANA,
                "text": "Please call me back about the night shift.",
                "recording_url": "https://pbx.example.com/voicemail/1004.mp3",
            },
            TASKS[EventType.VOICEMAIL],
        ),
        Documented(
            EventType.CALLBACK_REQUESTED,
            _(
                "A candidate wants to be called. With callback_at, Belay creates a "
                "Scheduled Callback for that time; without it, an ASAP Callback."
            ),
            {"id": "callback-1005", "phone": ANA, "callback_at": tomorrow.isoformat()},
            TaskType.SCHEDULED_CALLBACK,
        ),
        Documented(
            EventType.CALLBACK_CANCELED,
            _(
                "A candidate no longer wants to be called. No task is created: the "
                "candidate’s waiting ASAP and Scheduled Callbacks are canceled, with "
                "text as the reason. Callbacks that an agent has accepted stay. The "
                "answer has the ids of the canceled tasks."
            ),
            {"id": "callback-1006", "phone": ANA, "text": "Has found the answer on the website."},
            None,
        ),
        Documented(
            EventType.CUSTOM,
            _(
                "Anything else an agent should handle: name says what to do, and "
                "properties go into the notes, one per line. Journeys that are triggered "
                "by an event of this name, or wait for one, also receive it."
            ),
            {
                "id": "custom-1007",
                "email": "ana.ruiz@example.com",
                "name": "Check the right to work",
                "properties": {"document": "Passport", "expires": "2027-03-01"},
            },
            TASKS[EventType.CUSTOM],
        ),
        Documented(
            EventType.CUSTOM,
            _(
                "With task set to false, no task is created and only journeys receive "
                "the event. Use the same name as in the journey; upper and lower case "
                "don’t matter. A journey’s trigger can require a property, for example "
                "that plan is pro."
            ),
            {
                "id": "custom-1008",
                "email": "ana.ruiz@example.com",
                "name": "Contract signed",
                "properties": {"plan": "pro", "seats": 3},
                "task": False,
            },
            None,
            second="journeys",
        ),
    ]
