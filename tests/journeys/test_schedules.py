"""Journeys that let all enter who match a filter, at their time."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db.models.functions import Now

from pipeline.journeys.definition.schedule import next_time
from pipeline.journeys.engine.schedules import enroll_on_schedule
from pipeline.journeys.lifecycle import pause, resume
from pipeline.journeys.models import Journey, Run
from pipeline.workspaces.models import User, Workspace

from .conftest import MakeJourney

THREE_DAYS = ("wait", {"kind": "time", "number": 3, "unit": "days"})
DAILY = {"at_time": "09:00:00", "weekday": "", "filters": "source=Fair"}


@pytest.fixture
def journey(make_journey: MakeJourney) -> Journey:
    return make_journey(THREE_DAYS, trigger=("schedule", DAILY), reentry={"rule": "always"})


def its_time_has_come(journey: Journey) -> None:
    Journey.objects.filter(pk=journey.pk).update(next_at=Now() - timedelta(minutes=1))


def test_all_who_match_enter_once_for_each_time(
    journey: Journey, make_candidates: Any, workspace: Workspace
):
    make_candidates(3, source="Fair")
    make_candidates(2, source="Website")
    journey.refresh_from_db()
    assert journey.next_at
    enroll_on_schedule()
    assert not Run.objects.exists()

    its_time_has_come(journey)
    enroll_on_schedule()
    enroll_on_schedule()

    journey.refresh_from_db()
    assert Run.objects.count() == 3
    assert set(Run.objects.values_list("entered_by", flat=True)) == {"Every day at 09:00"}
    assert journey.next_at == next_time(DAILY, workspace, datetime.now(UTC))


def test_nobody_enters_while_it_is_paused_and_what_it_missed_is_missed(
    journey: Journey, make_candidates: Any, owner: User
):
    make_candidates(3, source="Fair")
    pause(journey, owner)
    its_time_has_come(journey)
    enroll_on_schedule()
    resume(journey, owner)
    enroll_on_schedule()

    assert not Run.objects.exists()


@pytest.mark.parametrize(
    ("zone", "now", "then"),
    [
        ("UTC", "2026-03-06T08:59", "2026-03-06T09:00"),
        ("UTC", "2026-03-06T09:00", "2026-03-07T09:00"),
        ("Europe/Madrid", "2026-03-28T12:00", "2026-03-29T07:00"),  # the night of the change
        ("Pacific/Auckland", "2026-03-06T20:30", "2026-03-07T20:00"),
    ],
)
def test_it_is_nine_on_the_workspaces_clock(workspace: Workspace, zone: str, now: str, then: str):
    workspace.time_zone = zone

    found = next_time(DAILY, workspace, datetime.fromisoformat(now).replace(tzinfo=UTC))

    assert found == datetime.fromisoformat(then).replace(tzinfo=UTC)


def test_weekly_is_on_that_day(workspace: Workspace):
    workspace.time_zone = "UTC"
    friday = datetime(2026, 11, 20, 10, tzinfo=UTC)

    assert next_time(DAILY | {"weekday": "4"}, workspace, friday).date().isoformat() == "2026-11-27"
    assert next_time(DAILY | {"weekday": "0"}, workspace, friday).date().isoformat() == "2026-11-23"
