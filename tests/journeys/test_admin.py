"""Journeys in the admin site: looked at, and what stops them set with a line in the audit."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from pipeline.candidates.models import Candidate
from pipeline.journeys import admin as journey_admin
from pipeline.journeys.models import Journey, JourneyVersion, Run
from pipeline.journeys.models.rules import JourneyRules
from pipeline.journeys.writing.enroll import enroll
from pipeline.workspaces.models import User, Workspace
from pipeline.workspaces.models.audit import AuditEntry

from .conftest import MakeJourney, until_nothing_is_due

LIST = "/admin/journeys/run/"
CALL = ("create_task", {"type": "outbound_call"})
THREE_DAYS = ("wait", {"kind": "time", "number": 3, "unit": "days"})


@pytest.fixture
def root(db: None) -> User:
    return User.objects.create_superuser("root@example.com", first_name="Root")


@pytest.fixture
def operator(client_of: Callable[[User], Client], root: User) -> Client:
    return client_of(root)


@pytest.fixture
def journey(make_journey: MakeJourney) -> Journey:
    return make_journey(CALL, THREE_DAYS)


@pytest.fixture
def runs(journey: Journey, make_candidates: Any) -> list[Run]:
    """Three that wait."""
    assert journey.version
    enroll(journey.version, [one.pk for one in make_candidates(3)], "By hand")
    until_nothing_is_due()
    return list(Run.objects.order_by("pk"))


def words(response: Any) -> str:
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def listed(client: Client, query: str = "", model: str = "run") -> list[int]:
    answer = client.get(f"/admin/journeys/{model}/{query}")
    assert answer.status_code == 200
    return [one.pk for one in answer.context["cl"].result_list]


def test_each_list_opens_and_each_object(operator: Client, runs: list[Run], workspace: Workspace):
    rules = JourneyRules.objects.create(workspace=workspace)
    run = runs[0]
    found = {
        "journey": run.journey_id,
        "journeyversion": run.version_id,
        "run": run.pk,
        "journeyrules": rules.pk,
    }

    for model, pk in found.items():
        assert pk in listed(operator, model=model)
        assert operator.get(f"/admin/journeys/{model}/{pk}/change/").status_code == 200


def test_a_run_shows_its_log_and_a_version_what_it_is(operator: Client, runs: list[Run]):
    run = words(operator.get(f"{LIST}{runs[0].pk}/change/"))
    version = words(operator.get(f"/admin/journeys/journeyversion/{runs[0].version_id}/change/"))

    assert "Outbound Call: Created task" in run
    assert "Waits 3 days." in run
    assert "&quot;type&quot;: &quot;create_task&quot;" in version


def test_only_what_stops_journeys_can_be_changed(operator: Client, runs: list[Run]):
    rows = (Journey.objects, JourneyVersion.objects, Run.objects)
    before = [list(each.values()) for each in rows]

    for model, pk in (
        ("journey", runs[0].journey_id),
        ("journeyversion", runs[0].version_id),
        ("run", runs[0].pk),
    ):
        place = f"/admin/journeys/{model}/"
        answers = [
            operator.get(f"{place}add/"),
            operator.post(f"{place}{pk}/change/", {"name": "Mine", "state": "archived"}),
            operator.post(f"{place}{pk}/delete/", {"post": "yes"}),
        ]
        assert [answer.status_code for answer in answers] == [403] * 3

    assert [list(each.values()) for each in rows] == before


def test_the_list_is_filtered_and_found_by_ids(
    operator: Client, runs: list[Run], make_journey: MakeJourney, candidate: Candidate
):
    other = make_journey(THREE_DAYS, name="Other")
    assert other.version
    enroll(other.version, [candidate.pk], "By hand")
    last = Run.objects.get(journey=other)

    assert listed(operator, "?is_waiting__exact=1") == [run.pk for run in reversed(runs)]
    assert listed(operator, "?state__exact=failed") == []
    assert last.pk in listed(operator, f"?q={candidate.pk}")
    assert set(listed(operator, f"?q={other.pk}")) >= {last.pk}
    assert runs[0].pk in listed(operator, f"?q={runs[0].pk}")
    assert listed(operator, "?q=Other") == []
    assert listed(operator, f"?q={'9' * 30}") == []
    assert listed(operator, "?q=%C2%B3") == []


def test_only_the_newest_are_listed_and_older_ones_found(
    operator: Client, runs: list[Run], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(journey_admin, "NEWEST", 2)

    assert listed(operator) == [runs[2].pk, runs[1].pk]
    assert runs[0].pk in listed(operator, f"?q={runs[0].pk}")


@pytest.mark.parametrize("query", ["", "?state__exact=running", "?q=1"])
def test_no_page_counts_further_than_it_pages(query: str, operator: Client, runs: list[Run]):
    with CaptureQueriesContext(connection) as queries:
        operator.get(LIST + query)

    counts = [each["sql"] for each in queries if "COUNT(" in each["sql"] and "_run" in each["sql"]]
    assert counts
    assert all("LIMIT 10000" in sql for sql in counts)
    assert len(queries) < 15


def test_staff_of_a_workspace_see_its_journeys_alone(
    client_of: Any, stranger: User, runs: list[Run]
):
    User.objects.filter(pk=stranger.pk).update(is_staff=True)
    names = ["view_journey", "view_journeyversion", "view_run"]
    stranger.user_permissions.set(Permission.objects.filter(codename__in=names))
    staff = client_of(User.objects.get(pk=stranger.pk))

    models = ("journey", "journeyversion", "run")
    assert [listed(staff, model=model) for model in models] == [[], [], []]
    assert staff.get(f"{LIST}{runs[0].pk}/change/").status_code == 302  # sent to the index


def test_what_operators_set_stands_in_the_audit(operator: Client, workspace: Workspace):
    operator.post("/admin/journeys/journeyrules/add/", {"workspace": workspace.pk})

    assert AuditEntry.objects.get().verb == "added the journey rules"
    assert not JourneyRules.of(workspace.pk).stop_when_hired
