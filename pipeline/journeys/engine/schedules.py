"""Journeys that a schedule lets candidates enter: all that match a filter, daily or weekly."""

from functools import partial

from django.db import transaction
from django.db.models.functions import Now
from django.http import QueryDict

from pipeline.candidates.filters import CandidateFilter
from pipeline.foundation import database_clock
from pipeline.journeys.definition.schedule import describe, next_time, schedule_of
from pipeline.journeys.lifecycle import pause_unpublished
from pipeline.journeys.models import Journey
from pipeline.journeys.rights import scheduler_of, why_not_any_more
from pipeline.journeys.writing.enroll import enroll
from pipeline.workspaces.setbacks.isolation import Isolation, Subject

BATCH = 5_000


def enroll_on_schedule() -> None:
    """For every live journey whose time has come. One that fails keeps no other waiting."""
    schedules = Isolation("journey_schedules")
    due = Journey.objects.live().filter(next_at__lte=Now()).order_by("next_at")
    for journey in due.only("workspace", "name"):
        what = f"The schedule of the journey “{journey}”"
        subject = Subject(journey.pk, journey.workspace_id, what, journey.get_absolute_url())
        schedules.attempt(subject, partial(enroll_all_that_match, journey.pk))


@transaction.atomic
def enroll_all_that_match(journey_id: int) -> int:
    """Once for each time, whoever else tries; one that was missed is made up for once.

    Returns how many entered. The filter is that of who published or resumed the journey, and shows
    no more; where that member may no longer publish, the journey is paused.
    """
    due = Journey.objects.live().filter(pk=journey_id, next_at__lte=Now())
    held = due.select_for_update(skip_locked=True, no_key=True, of=("self",))
    journey = held.select_related("workspace", "version", "scheduled_by__membership").first()
    if journey is None or journey.version is None:
        return 0
    options = schedule_of(journey.version.parsed_or_none)
    if options is None:
        Journey.objects.filter(pk=journey.pk).update(next_at=None)
        return 0
    if lost := why_not_any_more(journey):
        pause_unpublished(journey, lost)
        return 0
    by = scheduler_of(journey)
    assert by is not None
    filters = CandidateFilter(QueryDict(options.get("filters", "")), by)
    entered = 0
    if filters.is_valid():
        matching = filters.qs.order_by().values_list("pk", flat=True)
        everybody = list(matching)
        for start in range(0, len(everybody), BATCH):
            batch = everybody[start : start + BATCH]
            entered += enroll(journey.version, batch, describe(options)).entered
    journey.next_at = next_time(options, journey.workspace, database_clock.now())
    journey.save(update_fields=["next_at"])
    return entered
