"""The schedule of a journey's trigger: when candidates enter, daily or weekly."""

from datetime import datetime, time, timedelta
from typing import Any

from django.utils.translation import gettext

from pipeline.workspaces.models import Workspace

from .definition import Definition

DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


def schedule_of(definition: Definition | None) -> dict[str, Any] | None:
    """The options of its trigger; None where that is no schedule, or one that says no time."""
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
        problems.append(gettext("The schedule's filter can't be read. Choose it again."))
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
