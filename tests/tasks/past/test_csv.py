"""The past tasks as CSV: what the page is filtered by, whole, exact, and harmless to open."""

import csv
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from pipeline.outreach.models import Campaign
from pipeline.tasks.models import Task
from pipeline.tasks.models.types import TaskType
from pipeline.tasks.past import downloading
from pipeline.tasks.past.filters import PastFilter
from pipeline.workspaces.models import User, Workspace
from pipeline.workspaces.models.audit import AuditEntry

from .conftest import BY_JOURNEY, COMPLETED, MakePast
from .lists import LIST, shown

FILE = "/tasks/past/past.csv"


def table(response: Any) -> list[dict[str, str]]:
    text = response.getvalue().decode("utf-8-sig")
    return list(csv.DictReader(text.splitlines()))


def ids(response: Any) -> list[int]:
    return [int(row["Task id"]) for row in table(response)]


def test_a_row_holds_all_that_is_known(
    client_of, colleague, make_past: MakePast, agent: User, campaign: Campaign, candidate
):
    task = make_past(
        agent=agent,
        campaign=campaign,
        cancel_reason="Converted",
        notes="Called twice",
        **BY_JOURNEY,
        created_by_name="Welcome",
        created_by_journey_id=9,
        created_by_journey_version=2,
        created_by_block="Create Task",
    )

    [row] = table(client_of(colleague).get(FILE))

    assert row == {
        "Task id": str(task.pk),
        "Type": "Outbound Call",
        "State": "Canceled",
        "Priority": "Normal",
        "Candidate id": str(candidate.pk),
        "Candidate": "Inger Svärd",
        "E-mail": candidate.email,
        "Phone": candidate.phone,
        "Opening": "Customer Support, Manila",
        "Campaign id": "C1",
        "Campaign": "Win back",
        "Origin": "Journey",
        "Created by": "Welcome",
        "Created by journey id": "9",
        "Created by journey version": "2",
        "Created by block": "Create Task",
        "Created by bulk action id": "",
        "Created": "2026-11-19 12:00:00+00:00",
        "Due": "",
        "Accepted by": "Chloe Tan",
        "Accepted": "2026-11-20 11:00:00+00:00",
        "Ended": "2026-11-20 12:00:00+00:00",
        "Disposition": "",
        "Notes": "Called twice",
        "Cancel source": "Journey",
        "Reason": "Converted",
        "Canceled by": "Journey 12 “Converted customers” v3",
        "Canceled by journey id": "12",
        "Canceled by journey name": "Converted customers",
        "Canceled by journey version": "3",
        "Canceled by block": "Cancel Task: Outbound Call",
        "Canceled by bulk action id": "",
    }


FILTERS: list[dict[str, str]] = [
    {},
    {"state": "completed"},
    {"source": "journey"},
    {"type": "voicemail", "state": "canceled"},
    {"q": "inger", "source": "agent"},
    {"since": "2026-11-20", "journey": "12"},
    {"type": "reminder"},
]


@pytest.mark.parametrize("few", [downloading.FEW, 0])
@pytest.mark.parametrize("who", ["colleague", "limited"])
def test_it_holds_what_the_page_shows_in_its_order(
    client_of, request, monkeypatch, make_past, make_candidates, other_opening, few, who
):
    monkeypatch.setattr(downloading, "FEW", few)  # 0: always the long way, some at a time
    monkeypatch.setattr(downloading, "LOOK", 4)
    monkeypatch.setattr(downloading, "BATCH", 3)
    elsewhere = make_candidates(1, other_opening).get()
    for columns in (COMPLETED, BY_JOURNEY, {}):
        for type in (TaskType.OUTBOUND_CALL, TaskType.VOICEMAIL):
            for _ in range(3):
                make_past(type=type, **columns)
            make_past(elsewhere, type=type, **columns)
    Task.objects.filter(pk__in=Task.objects.all()[:15]).update(
        ended_at=datetime(2026, 11, 20, 12, 30, tzinfo=UTC)
    )
    client = client_of(request.getfixturevalue(who))

    for filters in FILTERS:
        assert ids(client.get(FILE, filters)) == shown(client.get(LIST, filters)), filters


def test_who_loses_an_opening_meanwhile_gets_no_more_of_it(
    limited, make_past, opening, monkeypatch
):
    monkeypatch.setattr(downloading, "BATCH", 1)
    for _ in range(3):
        make_past()

    rows = downloading.rows(PastFilter(QueryDict(), limited), ZoneInfo("UTC"))
    next(rows)
    opening.members.clear()

    assert list(rows) == []


def test_no_cell_is_a_formula(client_of, colleague, make_past, make_candidates):
    evil = make_candidates(1, full_name="=HYPERLINK(1)").get()
    make_past(evil, cancel_reason="@SUM(A1)", notes="+A1", canceled_by_name="-A2")

    [row] = table(client_of(colleague).get(FILE))

    assert [row[name] for name in ("Candidate", "Reason", "Notes", "Canceled by")] == [
        "'=HYPERLINK(1)",
        "'@SUM(A1)",
        "'+A1",
        "'-A2",
    ]


def test_times_are_in_the_workspaces_time_zone_with_their_offset(
    client_of, colleague, make_past, workspace
):
    Workspace.objects.filter(pk=workspace.pk).update(time_zone="Asia/Tokyo")
    make_past()

    [row] = table(client_of(colleague).get(FILE))

    assert row["Ended"] == "2026-11-20 21:00:00+09:00"


def test_a_filter_that_is_none_gives_no_file_but_says_so(client_of, colleague, make_past):
    make_past()

    response = client_of(colleague).get(FILE, {"opening": 0})

    assert response.status_code == 400
    assert (
        "The opening no longer exists, or you can’t see it. Choose another."
        in response.content.decode()
    )
    assert not AuditEntry.objects.filter(verb="downloaded").exists()


def test_who_downloads_stands_in_the_audit(client_of, colleague, make_past, opening):
    make_past()
    query = {"state": "canceled", "opening": opening.pk}

    client_of(colleague).get(FILE, query)
    client_of(colleague).get(FILE, {"q": "x" * 190})

    first, second = AuditEntry.objects.filter(verb="downloaded").order_by("pk")
    assert (first.actor, first.subject) == (
        colleague,
        "Past tasks: canceled, in Customer Support, Manila (1 row)",
    )
    assert first.link == f"{LIST}?state=canceled&opening={opening.pk}"
    assert second.link == LIST  # an address that long is not kept


def test_it_takes_queries_by_the_batch_not_by_the_row(client_of, colleague, make_past):
    client = client_of(colleague)
    make_past()
    with CaptureQueriesContext(connection) as few:
        table(client.get(FILE))
    for _ in range(20):
        make_past(**BY_JOURNEY)

    with CaptureQueriesContext(connection) as many:
        rows = table(client.get(FILE))

    assert len(rows) == 21
    assert len(many) == len(few)


def test_the_file_has_the_days_name(client_of, colleague, make_past):
    response = client_of(colleague).get(FILE)

    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert 'filename="past-tasks 20' in response["Content-Disposition"]
