"""What becomes of an event: a task, or some taken back; journeys hear of it. All or nothing."""

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from pipeline.candidates.models import Candidate
from pipeline.outreach import optouts
from pipeline.outreach.models import Campaign, Contact, MessagingRules
from pipeline.outreach.stop_words import Command, command_in
from pipeline.tasks.create import CantCreate, create_task
from pipeline.tasks.models import Task
from pipeline.tasks.models.actors import Canceler, Creator
from pipeline.tasks.models.event_types import CALLBACKS, TASKS, EventType
from pipeline.tasks.models.inbound_event import ApiToken, InboundEvent
from pipeline.tasks.models.scopes import OfTypes
from pipeline.tasks.models.types import TaskType
from pipeline.tasks.reasons import Code, Reason
from pipeline.tasks.signals import event_taken
from pipeline.workspaces.models import Workspace

from .forms import EventForm
from .notes import notes_of
from .people import candidate_of
from .refusals import NotPossible, Refused, Reused

SAID = {Command.STOP: "stopped", Command.START: "allowed"}


@dataclass(frozen=True)
class Taken:
    answer: dict[str, Any]
    is_new: bool


def receive(token: ApiToken, payload: dict[str, Any]) -> Taken:
    """Take an event, once for each of the sender's ids. Raises Refused, and has then kept nothing.

    A repeat is told what the first one was told, whatever has changed since. Another event under
    an id that was used is refused: to ignore it would lose a call, and nobody would know.
    """
    known = known_as(token, payload.get("id"))
    if known and known.payload == payload:
        return Taken(known.answer, is_new=False)
    form = EventForm(payload, token.workspace)
    if problems := form.problems:
        raise Refused(problems)
    said = form.cleaned_data
    try:
        return take(token, payload, said)
    except NotPossible:
        # Whoever it is that wants no SMS gets none, though nobody here has that number now.
        if said["phone"] and (command := command_of(token.workspace, said)):
            obey(command, token.workspace, said["phone"])
        raise


def known_as(token: ApiToken, event_id: Any) -> InboundEvent | None:
    if not isinstance(event_id, str):
        return None
    return token.events.filter(event_id=event_id).first()


@transaction.atomic
def take(token: ApiToken, payload: dict[str, Any], said: dict[str, Any]) -> Taken:
    candidate = candidate_of(token.workspace, said)
    # Of two that come at the same moment one waits here for the other, and then finds it there.
    event, is_new = InboundEvent.objects.get_or_create(
        token=token,
        event_id=said["id"],
        defaults={
            "workspace": token.workspace,
            "type": said["type"],
            "candidate": candidate,
            "payload": payload,
        },
    )
    if is_new:
        event.tell(*carry_out(token, candidate, said))
        if said["type"] == EventType.CUSTOM:
            event_taken.send(
                ApiToken,
                workspace_id=token.workspace_id,
                candidate_id=candidate.pk,
                name=said["name"],
                properties=said["properties"],
            )
        token.note_use()  # last: other events of this token may wait for the row
    elif event.payload != payload:
        raise Reused(
            {"id": _("This id was already used for a different event. Give each event its own id.")}
        )
    return Taken(event.answer, is_new)


def carry_out(
    token: ApiToken, candidate: Candidate, said: dict[str, Any]
) -> tuple[dict[str, Any], Task | None]:
    """What the sender is told, and the task."""
    answer = {"task": None, "type": said["type"], "candidate": candidate.pk}
    if said["type"] == EventType.CALLBACK_CANCELED:
        return {**answer, "canceled": cancel_callbacks(candidate, said["text"])}, None
    if command := command_of(token.workspace, said):
        obey(command, token.workspace, said["phone"] or candidate.phone)
        return {**answer, "sms": SAID[command]}, None
    if not said["task"]:
        return answer, None
    try:
        task = make_task(token, candidate, said)
    except CantCreate as error:
        if error.reason.code != Code.ENOUGH_WAITING:
            raise refusal_of(error, said) from None
        # What came in is kept and shown, though the agents have enough of it already.
        return {**answer, "reason": error.reason.code, "text": str(error)}, None
    return {"task": task.pk, "type": task.type, "candidate": candidate.pk}, task


def command_of(workspace: Workspace, said: dict[str, Any]) -> Command | None:
    """STOP or START, where the event is an SMS that says nothing else."""
    if said["type"] != EventType.INBOUND_SMS:
        return None
    return command_in(said["text"], MessagingRules.of(workspace).stop_words)


def obey(command: Command, workspace: Workspace, phone: str) -> None:
    """Opt the number out of SMS, or in again: for all applications that have it."""
    change = optouts.opt_out if command is Command.STOP else optouts.opt_in
    if phone:
        change(workspace, Contact.SMS, phone)


def cancel_callbacks(candidate: Candidate, reason: str) -> list[int]:
    theirs = Task.objects.cancelable().for_candidate(candidate)
    return theirs.cancel(
        OfTypes(CALLBACKS),
        Canceler.candidate(str(candidate)),
        reason or Reason(Code.CALLBACK_NOT_WANTED),
    )


def make_task(token: ApiToken, candidate: Candidate, said: dict[str, Any]) -> Task:
    return create_task(
        candidate,
        task_type(said),
        Creator.event(token.name),
        campaign=campaign_of(token.workspace, said["campaign"]),
        priority=said["priority"],
        due_at=said["callback_at"],
        notes=notes_of(said, token.workspace.tz),
    )


def refusal_of(error: CantCreate, said: dict[str, Any]) -> NotPossible:
    field = "type" if said["campaign"] is None else "campaign"
    return NotPossible({field: str(error)}, {field: error.reason.code})


def task_type(said: dict[str, Any]) -> TaskType:
    return TaskType.SCHEDULED_CALLBACK if said["callback_at"] else TASKS[EventType(said["type"])]


def campaign_of(workspace: Workspace, number: int | None) -> Campaign | None:
    if number is None:
        return None
    found = Campaign.objects.filter(workspace=workspace, number=number).first()
    if found is None:
        raise NotPossible({"campaign": f"There is no campaign C{number}. Send its short id."})
    return found
