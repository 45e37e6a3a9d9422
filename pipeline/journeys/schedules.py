"""Journeys that a schedule lets candidates enter: all that match a filter, daily or weekly."""

from datetime import datetime, time, timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models.functions import Now
from django.http import QueryDict

from pipeline.candidates.filters import CandidateFilter
from pipeline.foundation import database_clock
from pipeline.workspaces.models import Workspace
from pipeline.workspaces.setbacks.isolation import Isolation, Subject

from .enrolling import enroll
from .models import Journey, JourneyVersion
from .rights import scheduler_of, why_not_any_more

BATCH = 5_000
DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


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
    from .publishing import pause_unpublished  # which sets its time by this module

    due = Journey.objects.live().filter(pk=journey_id, next_at__lte=Now())
    held = due.select_for_update(skip_locked=True, no_key=True, of=("self",))
    journey = held.select_related("workspace", "version", "scheduled_by__membership").first()
    if journey is None or journey.version is None:
        return 0
    options = schedule_of(journey.version)
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


def schedule_of(version: JourneyVersion) -> dict[str, Any] | None:
    """The options of its trigger; None where that is no schedule, or one that says no time."""
    definition = version.readable
    if definition is None or definition.trigger["type"] != "schedule":
        return None
    options: dict[str, Any] = definition.trigger.get("options", {})
    return None if time_problems(options) else options


def time_problems(options: dict[str, Any]) -> list[str]:
    problems = []
    try:
        time.fromisoformat(options["at_time"])
    except (KeyError, TypeError, ValueError):
        problems.append("The schedule has no time of day.")
    if options.get("weekday", "") not in ["", *"0123456"]:
        problems.append("Choose a day of the week for the schedule.")
    if not isinstance(options.get("filters", ""), str):
        problems.append("The schedule's filter can't be read. Choose it anew.")
    return problems


def next_time(options: dict[str, Any], workspace: Workspace, after: datetime) -> datetime:
    """The next such hour in the workspace's time zone, on such a weekday if it is weekly."""
    clock = time.fromisoformat(options["at_time"])
    day = after.astimezone(workspace.tz).date()
    for _ in range(9):
        moment = datetime.combine(day, clock, workspace.tz)
        if moment > after and options.get("weekday", "") in ("", str(day.weekday())):
            return moment
        day += timedelta(days=1)
    raise AssertionError("one of nine days is any weekday")


def describe(options: dict[str, Any]) -> str:
    """ "Every Monday at 09:00"."""
    weekday = options.get("weekday", "")
    day = f"Every {DAYS[int(weekday)]}" if weekday else "Every day"
    return f"{day} at {options['at_time'][:5]}"
