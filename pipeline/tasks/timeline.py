"""A candidate's timeline: what happened to the tasks about it."""

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext as _

from pipeline.candidates.models import Candidate
from pipeline.candidates.timeline import MOST, Event
from pipeline.outreach.stop_words import Command
from pipeline.workspaces.models import User

from .events.receiving import SAID
from .models import Task
from .models.inbound_event import InboundEvent
from .past.history import steps_of


def untasked(candidate: Candidate, user: User) -> Iterator[Event]:
    """What came in and made no task: STOP and START by SMS, and what the queue had enough of."""
    if not Candidate.objects.visible_to(user).filter(pk=candidate.pk).exists():
        return
    events = InboundEvent.objects.visible_to(user).filter(candidate=candidate, task=None)
    for event in events.order_by("-pk")[:MOST]:
        if text := what_came(event):
            yield Event(event.received_at, text, detail=str(event.payload.get("text", "")))


def what_came(event: InboundEvent) -> str:
    answer = event.answer
    if answer.get("sms") == SAID[Command.STOP]:
        return _("Answered STOP: gets no more SMS")
    if answer.get("sms") == SAID[Command.START]:
        return _("Answered START: gets SMS again")
    if reason := answer.get("text"):
        return _("%(type)s came in without a task. %(reason)s") % {
            "type": event.get_type_display(),
            "reason": reason,
        }
    return ""


def tasks(candidate: Candidate, user: User) -> Iterator[Event]:
    """ "Outbound Call created by Ana Ruiz", "Outbound Call canceled by Journey 12 …, because …" """
    visible = Task.objects.visible_to(user).for_candidate(candidate)
    newest = visible.select_related("campaign").prefetch_related("releases").order_by("-pk")
    for task in newest[:MOST]:
        link = reverse("past:history", args=[task.pk])
        for step in steps_of(task):
            happened = step.sentence[0].lower() + step.sentence[1:]
            yield Event(step.at, f"{task} {happened}", link)
