"""An export holds what was selected, and is harmless to open."""

import json
from uuid import uuid4

import pytest
from django.urls import reverse

from pipeline.bulk_actions.models import BulkAction
from pipeline.bulk_actions.operations.export import HEADINGS, Export
from pipeline.candidates.models import Candidate
from pipeline.foundation.exports import xlsx_export
from pipeline.workspaces.models import Workspace

from .exports import FORMATS, run, sheet_of, table
from .exports import start as start
from .exports import storage as storage

pytestmark = pytest.mark.usefixtures("storage")


@pytest.mark.parametrize("file_format", FORMATS)
def test_a_file_holds_each_candidate_with_all_that_is_known(
    start, make_candidates, recruiter, labels, file_format
):
    Workspace.objects.update(time_zone="Asia/Tokyo")
    [candidate] = make_candidates(
        1,
        labels=labels[:2],
        recruiter=recruiter.membership,
        source="Agency",
        reject_reasons=["No visa", "Too far"],
        created_at="2026-11-21T20:00:00Z",
        attributes=json.dumps({"City": "Leeds", "Years": 5, "Tools": ["Excel", "SAP"]}),
    )

    action = run(start(file_format))

    [row] = table(action)
    assert action.status == "completed"
    assert str(row.pop("Created")) == "2026-11-22 05:00:00"
    assert {heading: str(value).removeprefix("'") for heading, value in row.items()} == {
        "Candidate id": str(candidate.pk),
        "Name": candidate.full_name,
        "First name": "Person",
        "Last name": candidate.last_name,
        "E-mail": candidate.email,
        "Phone": candidate.phone,
        "Opening": "Customer Support, Manila",
        "Folder": "Inbox",
        "Recruiter": "Ana Ruiz",
        "Source": "Agency",
        "Labels": "German, Night shift",
        "Reject reasons": "No visa, Too far",
        "City": "Leeds",
        "Tools": "Excel, SAP",
        "Years": "5",
    }


@pytest.mark.parametrize("file_format", FORMATS)
def test_attributes_are_the_union_over_all_parts(start, make_candidates, settings, file_format):
    settings.BULK_CHUNK_SIZE = 2
    make_candidates(3, attributes='{"Shift": "Night"}')
    make_candidates(2, attributes='{"City": "Leeds", "Name": "Nick"}')

    action = run(start(file_format, ["name", "attributes"]))

    rows = table(action)
    assert list(rows[0]) == ["Name", "City", "Name (attribute)", "Shift"]
    assert [row["Shift"] for row in rows] == ["Night"] * 3 + [""] * 2
    assert [row["City"] for row in rows] == [""] * 3 + ["Leeds"] * 2
    assert rows[4]["Name (attribute)"] == "Nick"


def test_parts_are_joined_in_the_order_of_their_chunks(start, make_candidates, settings):
    settings.BULK_CHUNK_SIZE = 1
    make_candidates(12)

    rows = table(run(start(columns=["id"])))

    ids = Candidate.objects.order_by("pk").values_list("pk", flat=True)
    assert [int(row["Candidate id"]) for row in rows] == list(ids)


@pytest.mark.parametrize("file_format", FORMATS)
def test_only_the_chosen_columns_are_there(start, make_candidates, file_format):
    make_candidates(1, attributes='{"City": "Leeds"}')

    [row] = table(run(start(file_format, ["name", "folder"])))

    assert list(row) == ["Name", "Folder"]


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        (list(HEADINGS), "All columns."),
        (["id", "name", *list(HEADINGS)[4:]], "All columns but First name, Last name."),
        (["name", "attributes"], "Columns: Name, Attributes."),
    ],
)
def test_it_tells_which_columns_are_in_it(columns, told):
    assert Export({"format": "csv", "columns": columns}).details == told


NASTY = '=HYPERLINK("http://evil.example","x")'


def test_no_cell_of_a_csv_is_a_formula(start, make_candidates):
    make_candidates(
        1, full_name=NASTY, source="@SUM(A1)", attributes=json.dumps({"-1+1": "\t=1", "n": -5})
    )

    [row] = table(run(start(columns=["name", "source", "attributes"])))

    assert row == {"Name": f"'{NASTY}", "Source": "'@SUM(A1)", "'-1+1": "'\t'=1", "n": "-5"}


def test_no_cell_of_an_xlsx_is_a_formula_or_a_link(start, make_candidates):
    make_candidates(
        1,
        full_name=NASTY,
        source="https://evil.example/",
        attributes=json.dumps({"=1+1": "{=SUM(A1)}", "big": 12345678901234567, "bell": "a\x07b"}),
    )

    action = run(start("xlsx", ["name", "source", "attributes"]))

    sheet = sheet_of(action)
    cells = [cell for row in sheet.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells if cell.value} == {"s"}
    assert not any(cell.hyperlink for cell in cells)
    assert sheet["A2"].value == NASTY
    assert sheet["E2"].value == "12345678901234567"


def test_the_preview_is_what_happens(client_of, recruiter, make_candidates):
    Workspace.objects.update(start_delay_seconds=0)
    make_candidates(4)
    client = client_of(recruiter)
    order = {"operation": "export", "select": "all", "key": uuid4()}
    shown = client.post(reverse("bulk_actions:new"), order).context["order"]

    answers = {"file_format": "csv", "columns": shown.options["columns"].value()}
    client.post(reverse("bulk_actions:history"), order | answers)

    action = run(BulkAction.objects.get())
    assert shown.preview.changes == action.changed == len(table(action)) == 4


def test_without_a_column_nothing_starts(client_of, recruiter, make_candidates):
    make_candidates(1)
    order = {"operation": "export", "select": "all", "key": uuid4(), "file_format": "csv"}

    answer = client_of(recruiter).post(reverse("bulk_actions:history"), order)

    assert "Choose at least one column." in answer.content.decode()
    assert not BulkAction.objects.exists()


@pytest.mark.parametrize("answers", [{"file_format": "exe"}, {"columns": ["name", "password"]}])
def test_what_is_not_offered_is_refused(client_of, recruiter, make_candidates, answers):
    make_candidates(1)
    order = {"operation": "export", "select": "all", "key": uuid4()}
    order |= {"file_format": "csv", "columns": ["name"]} | answers

    answer = client_of(recruiter).post(reverse("bulk_actions:history"), order)

    assert answer.status_code == 422
    assert not BulkAction.objects.exists()


def test_more_rows_than_xlsx_holds_dont_start(client_of, recruiter, make_candidates, monkeypatch):
    monkeypatch.setattr("pipeline.bulk_actions.operations.export.MOST_ROWS", 2)
    make_candidates(3)
    order = {"operation": "export", "select": "all", "key": uuid4()}
    order |= {"file_format": "xlsx", "columns": ["name"]}
    client = client_of(recruiter)

    shown = client.post(reverse("bulk_actions:new"), order)
    answer = client.post(reverse("bulk_actions:history"), order)

    for page in (shown, answer):
        assert "XLSX holds 2 candidates at most. Choose CSV" in page.content.decode()
    assert not BulkAction.objects.exists()


def test_what_grew_too_large_for_xlsx_fails_and_says_what_to_do(
    start, make_candidates, monkeypatch
):
    monkeypatch.setattr(xlsx_export, "MOST_COLUMNS", 1)
    make_candidates(1)

    action = run(start("xlsx"))

    assert action.status == "failed"
    assert "Export again, as CSV." in action.failure
    assert not action.file
