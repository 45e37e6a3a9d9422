"""The lists as CSV: whole, exact, and harmless to open."""

import csv
from typing import Any

import pytest
from django.urls import reverse

from pipeline.bulk_actions.engine import lane
from pipeline.bulk_actions.models import BulkAction, Outcome
from pipeline.bulk_actions.pages import outcome_lists
from pipeline.candidates.models import Candidate, Opening
from pipeline.workspaces.models import Workspace


@pytest.fixture
def moved(opening: Opening, start_move: Any, make_candidates: Any) -> BulkAction:
    make_candidates(3)
    action: BulkAction = start_move(opening.folders.get(name="Hired"))
    lane.work_on(action.pk, 0)
    return action


def download(client: Any, action: BulkAction, **query: str) -> Any:
    return client.get(reverse("bulk_actions:outcomes", args=[action.pk]), query)


def table(response: Any) -> list[dict[str, str]]:
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(text.splitlines()))


def test_a_download_holds_every_candidate_with_what_became_of_it(moved, recruiter, client_of):
    rows = table(download(client_of(recruiter), moved, result="done"))

    candidate = Candidate.objects.order_by("pk")[0]
    assert [int(row["Candidate id"]) for row in rows] == list(
        Candidate.objects.order_by("pk").values_list("pk", flat=True)
    )
    assert rows[0] | {"Time": ""} == {
        "Candidate id": str(candidate.pk),
        "Name": candidate.full_name,
        "E-mail": candidate.email,
        "Phone": candidate.phone,
        "Opening": "Customer Support, Manila",
        "Folder now": "Hired",
        "Before": "Inbox",
        "Result": "Changed",
        "Reason": "",
        "Time": "",
    }


def test_the_lists_of_a_canceled_action_download_as_they_are_shown(
    opening, recruiter, client_of, start_move, make_candidates
):
    make_candidates(3)
    action = start_move(opening.folders.get(name="Hired"))
    action.cancel(by=recruiter)
    client = client_of(recruiter)

    untouched = table(download(client, action, result="untouched"))

    assert len(untouched) == 3
    assert {row["Result"] for row in untouched} == {"Untouched"}
    assert {row["Folder now"] for row in untouched} == {"Inbox"}
    assert table(download(client, action, result="done")) == []


def test_a_download_larger_than_one_batch_is_whole(moved, recruiter, client_of, monkeypatch):
    monkeypatch.setattr(outcome_lists, "LOOK", 2)

    rows = table(download(client_of(recruiter), moved, result="done"))

    assert len({row["Candidate id"] for row in rows}) == 3


def test_no_cell_is_a_formula(opening, recruiter, client_of, start_move, make_candidates):
    make_candidates(1, full_name="=HYPERLINK(1)")
    action = start_move(opening.folders.get(name="Hired"))
    Outcome.objects.create(
        action=action, candidate=Candidate.objects.get(), result=3, reason="@SUM(A1)"
    )

    [row] = table(download(client_of(recruiter), action, result="failed"))

    assert row["Name"] == "'=HYPERLINK(1)"
    assert row["Reason"] == "'@SUM(A1)"


def test_times_are_in_the_workspaces_time_zone(moved, recruiter, client_of):
    Workspace.objects.update(time_zone="Asia/Tokyo")
    Outcome.objects.update(at="2026-11-21T20:00:00Z")

    [row, *_] = table(download(client_of(recruiter), moved, result="done"))

    assert row["Time"] == "2026-11-22 05:00:00"


def test_a_deleted_candidate_is_named_as_deleted(moved, recruiter, client_of):
    gone = Candidate.objects.order_by("pk")[0].pk
    Candidate.objects.filter(pk=gone).delete()

    [row, *_] = table(download(client_of(recruiter), moved, result="done"))

    assert (row["Candidate id"], row["Name"]) == (str(gone), "deleted candidate")


def test_the_file_is_named_for_the_action_and_the_list(moved, recruiter, client_of):
    response = download(client_of(recruiter), moved, result="done")

    name = f"bulk-action-{moved.pk}-move-to-hired-done.csv"
    assert response["Content-Disposition"] == f'attachment; filename="{name}"'
    assert response["Content-Type"] == "text/csv; charset=utf-8"


@pytest.mark.parametrize("query", [{}, {"result": ""}, {"result": "all"}])
def test_a_list_that_there_is_not_is_refused_with_those_that_there_are(
    moved, recruiter, client_of, query
):
    response = download(client_of(recruiter), moved, **query)

    assert response.status_code == 400
    assert "done, failed, untouched" in response.content.decode()


def test_a_limited_member_downloads_only_candidates_of_its_openings(
    moved, limited, client_of, other_opening, make_candidates
):
    foreign = make_candidates(1, other_opening).get()
    Outcome.objects.create(action=moved, candidate=foreign, result=1, before={"folder": 1})

    rows = table(download(client_of(limited), moved, result="done"))

    assert len(rows) == 3
    assert str(foreign.pk) not in {row["Candidate id"] for row in rows}
