"""A candidate's timeline: how journeys changed it."""

from collections.abc import Iterator

from django.urls import reverse

from pipeline.candidates.models import Candidate
from pipeline.candidates.timeline import MOST, Event
from pipeline.journeys.models import RunStep
from pipeline.workspaces.models import User


def changes(candidate: Candidate, user: User) -> Iterator[Event]:
    """ "Journey 12 “Converted” v3: Moved from Inbox to Hired." """
    steps = RunStep.objects.filter(run__candidate=candidate, details__has_key="before")
    found = steps.select_related("run__version__journey").order_by("-run_id", "-number")
    for step in found[:MOST]:
        version = step.run.version
        title = f"Journey {version.journey_id} “{version.journey}” v{version.number}"
        link = reverse("journeys:run", args=[version.journey_id, step.run_id])
        yield Event(at=step.at, text=f"{title}: {step.text}", link=link)
