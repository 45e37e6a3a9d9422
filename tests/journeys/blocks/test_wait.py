"""Wait: for a time, until a moment in either zone and while clocks change, for an event."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from pipeline.candidates.models import Candidate, CandidateLabel, Label, Opening
from pipeline.journeys.blocks.wait import Wait, zone_of
from pipeline.journeys.definition.definition import Definition
from pipeline.journeys.engine.dispatch import dispatch_events
from pipeline.journeys.lifecycle import publish
from pipeline.journeys.models import Journey, Run, RunState
from pipeline.journeys.models.listener import Happening
from pipeline.journeys.writing.enroll import enroll
from pipeline.workspaces.models import User, Workspace
from tests.journeys.conftest import until_nothing_is_due, waits_are_over

BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("options", "now", "zone", "expected"),
    [
        # On a date; in summer and in winter Berlin is another number of hours ahead.
        ({"on_date": "2026-03-28", "at_time": "09:00"}, "2026-03-20", BERLIN, "2026-03-28 08:00"),
        ({"on_date": "2026-03-29", "at_time": "09:00"}, "2026-03-20", BERLIN, "2026-03-29 07:00"),
        ({"on_date": "2026-03-29"}, "2026-03-20", BERLIN, "2026-03-28 23:00"),
        ({"on_date": "2026-03-08", "at_time": "09:00"}, "2026-03-01", NEW_YORK, "2026-03-08 13:00"),
        # An hour that is skipped is one later; of one that comes twice, the first.
        ({"on_date": "2026-03-29", "at_time": "02:30"}, "2026-03-20", BERLIN, "2026-03-29 01:30"),
        ({"on_date": "2026-10-25", "at_time": "02:30"}, "2026-10-20", BERLIN, "2026-10-25 00:30"),
        ({"on_date": "2026-11-01", "at_time": "01:30"}, "2026-10-20", NEW_YORK, "2026-11-01 05:30"),
        # A date that has passed is now.
        ({"on_date": "2026-03-01", "at_time": "09:00"}, "2026-03-20", BERLIN, "2026-03-20 00:00"),
        # The next such hour: today, or tomorrow if it has passed.
        ({"at_time": "09:00"}, "2026-03-27 07:59", BERLIN, "2026-03-27 08:00"),
        ({"at_time": "09:00"}, "2026-03-27 08:00", BERLIN, "2026-03-28 08:00"),
        ({"at_time": "09:00"}, "2026-03-28 08:00", BERLIN, "2026-03-29 07:00"),
        ({"at_time": "09:00"}, "2026-10-24 07:00", BERLIN, "2026-10-25 08:00"),
        # In New York it is still Saturday.
        ({"at_time": "23:00"}, "2026-03-29 02:00", NEW_YORK, "2026-03-29 03:00"),
        # The next such weekday, a week later if it was this morning.
        ({"weekday": "0", "at_time": "09:00"}, "2026-03-27 12:00", BERLIN, "2026-03-30 07:00"),
        ({"weekday": "0", "at_time": "09:00"}, "2026-03-30 06:59", BERLIN, "2026-03-30 07:00"),
        ({"weekday": "0", "at_time": "09:00"}, "2026-03-30 07:00", BERLIN, "2026-04-06 07:00"),
        ({"weekday": "6", "at_time": "02:30"}, "2026-03-27 12:00", BERLIN, "2026-03-29 01:30"),
    ],
)
def test_until_a_moment(options: dict[str, str], now: str, zone: ZoneInfo, expected: str):
    assert Wait({"kind": "until", **options}).until(at(now), zone) == at(expected)


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"Time zone": "America/New_York"}, NEW_YORK),
        ({"timezone": "America/New_York"}, NEW_YORK),
        ({"time zone": "Mars/Olympus"}, BERLIN),
        ({"time zone": ["America/New_York"]}, BERLIN),
        ({"time zone": None}, BERLIN),
        ({}, BERLIN),
    ],
)
def test_a_candidate_s_zone_is_an_attribute_and_else_the_workspace_s(
    attributes: Any, expected: ZoneInfo
):
    assert zone_of(Candidate(attributes=attributes), BERLIN) == expected


def test_each_candidate_waits_in_its_own_zone(pass_block: Any, candidate: Candidate):
    Candidate.objects.update(attributes={"Time zone": "Asia/Tokyo"})
    day = (timezone.now() + timedelta(days=30)).date()

    run = pass_block(
        "wait",
        {"kind": "until", "on_date": str(day), "at_time": "09:00", "zone": "candidate"},
    )

    assert run.due_at == datetime(day.year, day.month, day.day, tzinfo=UTC)


def test_for_a_time(pass_block: Any):
    run = pass_block("wait", {"kind": "time", "number": 2, "unit": "weeks"})

    assert run.is_waiting
    assert timedelta(days=13.99) < run.due_at - timezone.now() <= timedelta(days=14)
    waits_are_over()
    until_nothing_is_due()
    assert texts(run) == ["Waits 2 weeks.", "The wait is over."]


def texts(run: Run) -> list[str]:
    run.refresh_from_db()
    return [line.text for line in run.log.all()]


def happens(candidate: Candidate, name: str) -> None:
    Happening.objects.create(
        workspace_id=candidate.workspace_id, candidate=candidate, kind="event", name=name
    )
    dispatch_events()


PAID = {
    "kind": "event",
    "event": "event",
    "event_name": "paid",
    "at_most": 2,
    "at_most_unit": "days",
}


def test_an_event_within_the_time(pass_block: Any, candidate: Candidate):
    run = pass_block("wait", PAID)
    happens(candidate, "opened")
    until_nothing_is_due()
    assert run.log.count() == 1

    happens(candidate, "paid")
    until_nothing_is_due()

    assert texts(run) == [
        "Waits for the event “paid”, at most 2 days.",
        "It happened: the event “paid”.",
    ]
    assert run.log.latest("number").way == "next"


def test_no_event_within_the_time(pass_block: Any, candidate: Candidate):
    run = pass_block("wait", PAID)

    waits_are_over()
    until_nothing_is_due()

    assert texts(run)[1:] == ["Timed out: no event “paid”."]
    assert run.log.latest("number").way == "timed_out"


def test_an_event_before_the_wait_or_after_it_is_none(pass_block: Any, candidate: Candidate):
    happens(candidate, "paid")
    run = pass_block("wait", PAID)
    assert run.log.count() == 1

    waits_are_over()
    until_nothing_is_due()
    happens(candidate, "paid")
    until_nothing_is_due()

    assert texts(run)[1:] == ["Timed out: no event “paid”."]


def test_an_event_that_comes_when_the_time_is_over_counts_while_nobody_has_looked(
    pass_block: Any, candidate: Candidate
):
    run = pass_block("wait", PAID)
    waits_are_over()

    happens(candidate, "paid")
    until_nothing_is_due()

    assert texts(run)[1:] == ["It happened: the event “paid”."]


def test_what_one_wait_heard_is_nothing_to_the_next_one(
    workspace: Workspace, owner: User, candidate: Candidate
):
    def waiting(following: str | None) -> dict[str, Any]:
        return {"type": "wait", "options": PAID, "ways": {"next": following, "timed_out": None}}

    draft = Definition().as_json() | {"start": "b1", "blocks": {"b1": waiting("b2")}}
    draft["blocks"]["b2"] = waiting(None)
    journey = Journey.objects.create(workspace=workspace, draft=draft, created_by=owner)
    enroll(publish(journey, owner), [candidate.pk], "By hand")
    until_nothing_is_due()

    happens(candidate, "paid")
    until_nothing_is_due()
    waits_are_over()
    until_nothing_is_due()

    assert [line.way for line in Run.objects.get().log.all()] == ["", "next", "", "timed_out"]


def test_an_event_of_somebody_else_is_none(pass_block: Any, make_candidates: Any):
    run = pass_block("wait", PAID)

    happens(make_candidates(1).get(), "paid")
    until_nothing_is_due()

    assert run.log.count() == 1


def for_label(label: Label, **more: Any) -> dict[str, Any]:
    return {"kind": "event", "event": "label", "label": label.pk, "label_name": label.name, **more}


def test_a_label_that_comes(pass_block: Any, candidate: Candidate, labels: list[Label]):
    run = pass_block("wait", for_label(labels[0]))
    CandidateLabel.objects.create(candidate=candidate, label=labels[1])
    until_nothing_is_due()
    assert run.log.count() == 1

    CandidateLabel.objects.create(candidate=candidate, label=labels[0])
    until_nothing_is_due()

    assert texts(run)[1:] == ["It happened: the label “Night shift”."]


def test_a_label_that_is_there_already(pass_block: Any, candidate: Candidate, labels: list[Label]):
    CandidateLabel.objects.create(candidate=candidate, label=labels[0])

    run = pass_block("wait", for_label(labels[0]))

    assert texts(run) == ["It happened: the label “Night shift”."]
    assert run.state == RunState.FINISHED


def test_a_label_that_came_at_the_moment_when_the_wait_began_is_found_by_a_second_look(
    pass_block: Any, candidate: Candidate, labels: list[Label]
):
    run = pass_block("wait", for_label(labels[0]))
    CandidateLabel.objects.create(candidate=candidate, label=labels[0])
    Happening.objects.all().delete()  # it was told before the wait was committed: nobody listened

    waits_are_over()
    until_nothing_is_due()

    assert texts(run)[1:] == ["It happened: the label “Night shift”."]


def test_a_label_that_does_not_come(pass_block: Any, candidate: Candidate, labels: list[Label]):
    run = pass_block("wait", for_label(labels[0], at_most=2, at_most_unit="days"))

    waits_are_over()
    until_nothing_is_due()
    assert run.log.count() == 1
    run.refresh_from_db()
    assert timedelta(days=1.9) < run.due_at - timezone.now() < timedelta(days=2)
    waits_are_over()
    until_nothing_is_due()

    assert texts(run)[1:] == ["Timed out: no label “Night shift”."]


@pytest.mark.slow
def test_a_wait_without_an_end_looks_daily_and_writes_nothing_of_it(
    pass_block: Any, candidate: Candidate, labels: list[Label]
):
    run = pass_block("wait", for_label(labels[0]))

    for _ in range(150):  # more often than steps may be taken in a row
        waits_are_over()
        until_nothing_is_due()

    run.refresh_from_db()
    assert (run.state, run.steps, run.log.count()) == (RunState.RUNNING, 1, 1)
    assert timedelta(hours=20) < run.due_at - timezone.now() <= timedelta(days=1)


def test_a_folder(pass_block: Any, candidate: Candidate, opening: Opening):
    hired = opening.folders.get(kind="shortlisted")
    options = {"kind": "event", "event": "folder", "folder": hired.pk, "folder_name": hired.name}
    run = pass_block("wait", options)

    Candidate.objects.update(folder=hired)
    until_nothing_is_due()

    assert texts(run)[1:] == ["It happened: the folder “Shortlisted”."]
