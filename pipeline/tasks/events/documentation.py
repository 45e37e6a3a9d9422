"""What senders are told: each type of event with an example and its answer.

A test sends every example as it stands on the page, and compares the answer.
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

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
            return "for journeys alone"
        is_callback = self.type == EventType.CALLBACK_REQUESTED
        return "makes ASAP or Scheduled Callback" if is_callback else f"makes {self.makes.label}"

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
            "A candidate called, and an agent has to take or return it.",
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
            "A candidate wrote a text message.",
            {"id": "sms-1002", "phone": ANA, "text": "Can I start on Monday?"},
            TASKS[EventType.INBOUND_SMS],
        ),
        Documented(
            EventType.INBOUND_EMAIL,
            "A candidate wrote an e-mail.",
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
            "A candidate left a message; text is what was said, if you have it in writing.",
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
            "A candidate wants to be called: with callback_at at that time (a Scheduled Callback), "
            "without it as soon as possible (an ASAP Callback).",
            {"id": "callback-1005", "phone": ANA, "callback_at": tomorrow.isoformat()},
            TaskType.SCHEDULED_CALLBACK,
        ),
        Documented(
            EventType.CALLBACK_CANCELED,
            "A candidate no longer wants to be called. No task is made: the ASAP and Scheduled "
            "Callbacks that wait for this candidate are canceled, with text as the reason. One "
            "that an agent has accepted stays. The answer has the ids of the canceled ones.",
            {"id": "callback-1006", "phone": ANA, "text": "Has found the answer on the website."},
            None,
        ),
        Documented(
            EventType.CUSTOM,
            "Anything else that takes a person: name says what is to be done, and properties go "
            "into the notes, one on each line. Journeys hear of it as well: those whose trigger is "
            "an event of that name, and those that wait for it.",
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
            "With task false no task is made, and only journeys hear of it. Write the name as it "
            "stands in the journey; capital letters do not matter. A journey’s trigger may ask for "
            "a property: here, for example, that plan is pro.",
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
