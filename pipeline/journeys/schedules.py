"""Journeys that a schedule lets candidates enter: all that match a filter, daily or weekly."""

from datetime import datetime, time, timedelta
from typing import Any

from django.db import transaction
from django.db.models.functions import Now
from django.http import QueryDict
from django.utils import timezone

from pipeline.candidates.filters import CandidateFilter
from pipeline.workspaces.models import Workspace

from .enrolling import enroll
from .models import Journey, JourneyVersion

BATCH = 5_000
DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


def enroll_on_schedule() -> None:
    """For every live journey whose time has come."""
    due = Journey.objects.live().filter(next_at__lte=Now())
    for pk in due.values_list("pk", flat=True):
        enroll_all_that_match(pk)


@transaction.atomic
def enroll_all_that_match(journey_id: int) -> int:
    """Once for each time, whoever else tries; one that was missed is made up for once.

    Returns how many entered. The filter is that of who published the journey, and shows no more.
    """
    due = Journey.objects.live().filter(pk=journey_id, next_at__lte=Now())
    held = due.select_for_update(skip_locked=True, no_key=True, of=("self",))
    journey = held.select_related("workspace", "version").first()
    if journey is None or journey.version is None:
        return 0
    options = schedule_of(journey.version)
    if options is None:
        Journey.objects.filter(pk=journey.pk).update(next_at=None)
        return 0
    filters = CandidateFilter(QueryDict(options.get("filters", "")), journey.version.published_by)
    entered = 0
    if filters.is_valid():
        matching = filters.qs.order_by().values_list("pk", flat=True)
        everybody = list(matching)
        for start in range(0, len(everybody), BATCH):
            batch = everybody[start : start + BATCH]
            entered += enroll(journey.version, batch, describe(options)).entered
    journey.next_at = next_time(options, journey.workspace, timezone.now())
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
        problems.append("The schedule's day of the week is none.")
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
