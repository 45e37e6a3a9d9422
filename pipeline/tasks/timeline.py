"""A candidate's timeline: what happened to the tasks about it."""

from collections.abc import Iterator

from django.urls import reverse

from pipeline.candidates.models import Candidate
from pipeline.candidates.timeline import MOST, Event
from pipeline.workspaces.models import User

from .models import Task
from .past.history import steps_of


def tasks(candidate: Candidate, user: User) -> Iterator[Event]:
    """ "Outbound Call created by Ana Ruiz", "Outbound Call canceled by Journey 12 …, because …" """
    visible = Task.objects.visible_to(user).for_candidate(candidate)
    newest = visible.select_related("campaign").prefetch_related("releases").order_by("-pk")
    for task in newest[:MOST]:
        link = reverse("past:history", args=[task.pk])
        for step in steps_of(task):
            happened = step.sentence[0].lower() + step.sentence[1:]
            yield Event(step.at, f"{task} {happened}", link)
