"""What customers' systems can be told of, with an example of each as it is sent.

The rooms above fill the payloads; a test holds the examples to what they really send.
"""

from dataclasses import dataclass
from typing import Any

TEST = "webhook.test"  # sent on demand alone, whatever the endpoint listens to
JOURNEY = "journey.webhook"  # sent by a journey's block alone, to the endpoint that it names


@dataclass(frozen=True)
class Event:
    label: str
    about: str
    example: dict[str, Any]  # what stands under `data`

    def message(self, name: str) -> dict[str, Any]:
        return {"type": name, "timestamp": "2026-11-20T10:32:10.900000Z", "data": self.example}


CREATED_TASK: dict[str, Any] = {
    "id": 4711,
    "type": "outbound_call",
    "channel": "phone",
    "direction": "outbound",
    "state": "in_queue",
    "priority": 3,
    "candidate": {"id": 90210, "name": "Maria Silva"},
    "opening": {"id": 3, "name": "Night Auditor, Porto"},
    "campaign": {"id": 8, "short_id": "C2", "name": "Win back"},
    "due_at": None,
    "created_at": "2026-11-20T09:00:00.120000Z",
    "accepted_at": None,
    "completed_at": None,
    "canceled_at": None,
    "agent": None,
    "disposition": None,
    "created_by": {
        "origin": "journey",
        "id": None,
        "name": "Converted customers",
        "journey": {
            "id": 12,
            "name": "Converted customers",
            "version": 3,
            "block": "Agent Call",
            "run": 77,
        },
        "bulk_action": None,
    },
    "canceled_by": None,
}
ACCEPTED_TASK = CREATED_TASK | {
    "state": "assigned",
    "accepted_at": "2026-11-20T09:31:07.500000Z",
    "agent": {"id": 21, "name": "Chloe Tan"},
}
COMPLETED_TASK = ACCEPTED_TASK | {
    "state": "completed",
    "completed_at": "2026-11-20T09:40:00.250000Z",
    "disposition": "reached",
}
CANCELED_TASK = CREATED_TASK | {
    "state": "canceled",
    "canceled_at": "2026-11-20T09:12:44.000000Z",
    "canceled_by": {
        "source": "journey",
        "id": None,
        "name": "Converted customers",
        "reason": "Converted",
        "code": None,
        "journey": {
            "id": 12,
            "name": "Converted customers",
            "version": 3,
            "block": "Cancel Task: Outbound Call",
            "run": 77,
        },
        "bulk_action": None,
    },
}
STARTED_ACTION: dict[str, Any] = {
    "id": 140,
    "operation": "move",
    "title": "Move to Shortlisted",
    "status": "in_progress",
    "total": 50000,
    "changed": 0,
    "unchanged": 0,
    "failed": 0,
    "untouched": 50000,
    "being_sent": 0,
    "started_by": {"id": 7, "name": "Rita Costa"},
    "canceled_by": None,
    "failure": None,
    "created_at": "2026-11-20T10:31:00.000000Z",
    "started_at": "2026-11-20T10:31:05.040000Z",
    "ended_at": None,
    "link": "https://belay.example.com/bulk-actions/140/",
}
ENDED_ACTION = STARTED_ACTION | {
    "status": "canceled",
    "changed": 12480,
    "untouched": 37520,
    "canceled_by": {"id": 9, "name": "Ben Okafor"},
    "ended_at": "2026-11-20T10:32:10.900000Z",
}

EVENTS: dict[str, Event] = {
    "task.created": Event(
        "Task created",
        (
            "A task was created: in the queue or, for a Manual type, assigned to the "
            "agent who created it."
        ),
        CREATED_TASK,
    ),
    "task.accepted": Event("Task accepted", "An agent accepted a task.", ACCEPTED_TASK),
    "task.completed": Event("Task completed", "An agent completed a task.", COMPLETED_TASK),
    "task.canceled": Event(
        "Task canceled",
        "A task was canceled. The event says who canceled it and why.",
        CANCELED_TASK,
    ),
    "bulk_action.started": Event(
        "Bulk action started",
        "The start delay is over, and the bulk action is In Progress.",
        STARTED_ACTION,
    ),
    "bulk_action.ended": Event(
        "Bulk action ended",
        (
            "The bulk action has a final status: Completed, Completed with Failures, "
            "Failed, Canceled or Halted."
        ),
        ENDED_ACTION,
    ),
}
CHOICES = [(name, event.label) for name, event in EVENTS.items()]
