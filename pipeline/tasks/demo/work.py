"""What the demo's tasks are about: campaigns, and what agents write and choose."""

# ruff: noqa: E501  a sentence is a line

from typing import Any, NamedTuple

from pipeline.outreach.models import CampaignChannel, CampaignState, CampaignWork, Priority
from pipeline.tasks.models import Disposition
from pipeline.tasks.models.actors import CancelSource
from pipeline.tasks.models.states import State
from pipeline.tasks.models.types import TaskType
from pipeline.tasks.reasons import Code, Reason

CAMPAIGNS: tuple[dict[str, Any], ...] = (
    {"name": "Win back: left before the interview", "channel": CampaignChannel.PHONE, "state": CampaignState.READY, "priority": Priority.HIGH},
    {"name": "Weekend shifts by phone", "channel": CampaignChannel.PHONE, "state": CampaignState.PAUSED},
    {"name": "Night shift by text", "channel": CampaignChannel.SMS, "state": CampaignState.READY},
    {"name": "Nurses: is the registration still valid?", "channel": CampaignChannel.PHONE, "state": CampaignState.DRAFT},
    {"name": "Monthly news by e-mail", "channel": CampaignChannel.EMAIL, "work": CampaignWork.AUTOMATED, "state": CampaignState.READY, "priority": Priority.LOW},
)  # fmt: skip
WIN_BACK, WEEKEND, NIGHT = 0, 1, 2


class Some(NamedTuple):
    """So many tasks of one type in one state."""

    number: int
    type: TaskType
    campaign: int | None = None
    source: CancelSource | None = None
    reason: str | Reason = ""


T, S = TaskType, CancelSource

WAITING = (
    Some(30, T.OUTBOUND_CALL, WIN_BACK),
    Some(14, T.OUTBOUND_CALL, WEEKEND),
    Some(8, T.INBOUND_CALL),
    Some(8, T.ASAP_CALLBACK),
    Some(14, T.SCHEDULED_CALLBACK),
    Some(3, T.TRANSFER_CALL),
    Some(9, T.VOICEMAIL),
    Some(10, T.INBOUND_SMS),
    Some(9, T.INBOUND_EMAIL),
    Some(8, T.REMINDER),
    Some(6, T.CUSTOM_TASK),
)
ASSIGNED = (
    Some(4, T.OUTBOUND_CALL, WIN_BACK),
    Some(2, T.INBOUND_CALL),
    Some(2, T.INBOUND_EMAIL),
    Some(1, T.SCHEDULED_CALLBACK),
    Some(2, T.MANUAL_OUTBOUND_CALL),
    Some(1, T.MANUAL_OUTBOUND_SMS),
    Some(1, T.MANUAL_OUTBOUND_EMAIL),
)
COMPLETED = (
    Some(36, T.OUTBOUND_CALL, WIN_BACK),
    Some(12, T.OUTBOUND_CALL, WEEKEND),
    Some(18, T.INBOUND_CALL),
    Some(8, T.ASAP_CALLBACK),
    Some(9, T.SCHEDULED_CALLBACK),
    Some(4, T.TRANSFER_CALL),
    Some(10, T.VOICEMAIL),
    Some(10, T.INBOUND_SMS),
    Some(10, T.INBOUND_EMAIL),
    Some(7, T.MANUAL_OUTBOUND_CALL),
    Some(4, T.MANUAL_OUTBOUND_SMS),
    Some(4, T.MANUAL_OUTBOUND_EMAIL),
    Some(4, T.REMINDER),
    Some(3, T.CUSTOM_TASK),
)
# What journeys create and cancel follows from their runs (journeys/demo.py).
CANCELED = (
    Some(7, T.OUTBOUND_CALL, WIN_BACK, S.AGENT, "Works elsewhere since last week."),
    Some(4, T.SCHEDULED_CALLBACK, None, S.AGENT, "Called us first."),
    Some(2, T.MANUAL_OUTBOUND_CALL, None, S.AGENT, "Opened for the wrong person."),
    Some(3, T.INBOUND_EMAIL, None, S.ADMIN, "Spam."),
    Some(5, T.CUSTOM_TASK, None, S.ADMIN, "Ordered twice by mistake."),
    Some(15, T.OUTBOUND_CALL, WEEKEND, S.BULK_ACTION, "The weekend shifts are full."),
    Some(3, T.SCHEDULED_CALLBACK, None, S.CANDIDATE, "Withdrew the application."),
    Some(3, T.INBOUND_SMS, None, S.TIMEOUT, Reason(Code.TIMED_OUT, {"days": 14})),
)  # fmt: skip
WORK = {
    State.IN_QUEUE: WAITING,
    State.ASSIGNED: ASSIGNED,
    State.COMPLETED: COMPLETED,
    State.CANCELED: CANCELED,
}
GIVEN_BACK = 0.06  # of those that wait, this share was accepted and released

# The systems that tell of what comes in.
SENDERS = {
    T.INBOUND_CALL: "Phone system",
    T.TRANSFER_CALL: "Phone system",
    T.VOICEMAIL: "Phone system",
    T.ASAP_CALLBACK: "Career site",
    T.INBOUND_SMS: "SMS gateway",
    T.INBOUND_EMAIL: "Mailbox",
}

# What a task says when it comes; a sender of inbound events brings the text.
NOTES: dict[TaskType, tuple[str, ...]] = {
    T.INBOUND_CALL: ("Asks when the interview is.", "Wants to know about the shifts.", "Hung up after two minutes in the queue."),
    T.OUTBOUND_CALL: ("Applied, then never booked the interview.", "Ask for the start date.", "Offer the early shift as well.", ""),
    T.MANUAL_OUTBOUND_CALL: ("The certificate is missing.", "Line broke off, call again."),
    T.ASAP_CALLBACK: ("Asked for a call on the career site.", "Has a second offer, decides today."),
    T.SCHEDULED_CALLBACK: ("Can talk in the lunch break only.", "At work until then.", "Wants to speak with the family first."),
    T.TRANSFER_CALL: ("From the front desk: speaks French.", "From payroll: a question about the contract."),
    T.VOICEMAIL: ("“Please call me back about the job.”", "“I can’t come on Tuesday, can we move it?”", "“Is the position still open?”"),
    T.INBOUND_SMS: ("“Yes I am still interested”", "“What is the pay at night?”", "“Running 10 minutes late, sorry!”"),
    T.OUTBOUND_SMS: ("Ask whether nights are fine.", "Send the address of the depot."),
    T.MANUAL_OUTBOUND_SMS: ("Directions to the site.", "Which documents to bring."),
    T.INBOUND_EMAIL: ("Sent a new résumé.", "Question about the notice period.", "Asks for the contract in writing."),
    T.MANUAL_OUTBOUND_EMAIL: ("Send the list of documents.", "Confirm the trial day."),
    T.REMINDER: ("Ask how the trial day went.", "The work permit should have come by now."),
    T.CUSTOM_TASK: ("Check the references.", "Book a taxi to the trial day."),
}  # fmt: skip

D = Disposition
_TALKED = (D.REACHED, D.REACHED, D.CALLBACK_AGREED, D.NOT_INTERESTED)
_CALLED = (D.REACHED, D.REACHED, D.NO_ANSWER, D.LEFT_VOICEMAIL, D.CALLBACK_AGREED, D.NOT_INTERESTED, D.WRONG_NUMBER)  # fmt: skip
_WROTE = (D.ANSWERED, D.ANSWERED, D.ANSWERED, D.NOT_INTERESTED)
DISPOSITIONS: dict[TaskType, tuple[Disposition, ...]] = {
    T.INBOUND_CALL: _TALKED,
    T.OUTBOUND_CALL: _CALLED,
    T.MANUAL_OUTBOUND_CALL: _CALLED,
    T.ASAP_CALLBACK: _CALLED,
    T.SCHEDULED_CALLBACK: _CALLED,
    T.TRANSFER_CALL: _TALKED,
    T.VOICEMAIL: _CALLED,
    T.INBOUND_SMS: _WROTE,
    T.OUTBOUND_SMS: _WROTE,
    T.MANUAL_OUTBOUND_SMS: _WROTE,
    T.INBOUND_EMAIL: _WROTE,
    T.MANUAL_OUTBOUND_EMAIL: _WROTE,
    T.REMINDER: (D.DONE,),
    T.CUSTOM_TASK: (D.DONE,),
}

# What the demo's agent is handed by *Next task*: all calls.
SKILLS = (T.OUTBOUND_CALL, T.INBOUND_CALL, T.ASAP_CALLBACK, T.SCHEDULED_CALLBACK, T.TRANSFER_CALL, T.VOICEMAIL)  # fmt: skip
