"""An export holds what was selected, is harmless to open, and is only for who may have it."""

import csv
import json
from collections.abc import Callable
from contextlib import nullcontext
from datetime import timedelta
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import django_rq
import openpyxl
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from pipeline.bulk_actions import engine, export_clearing, export_files, locks
from pipeline.bulk_actions.freezing import start_bulk_action
from pipeline.bulk_actions.models import BulkAction
from pipeline.bulk_actions.operations.export import HEADINGS, Export
from pipeline.candidates.models import Candidate
from pipeline.workspaces import xlsx_export
from pipeline.workspaces.audit import AuditEntry
from pipeline.workspaces.models import User, Workspace

Start = Callable[..., BulkAction]
FORMATS = ["csv", "xlsx"]


@pytest.fixture(autouse=True)
def storage(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def start(recruiter: User) -> Start:
    """Orders the export of all that the one who starts it sees."""
    Workspace.objects.update(start_delay_seconds=0)

    def start(
        file_format: str = "csv", columns: Any = HEADINGS, by: User = recruiter
    ) -> BulkAction:
        action, _ = start_bulk_action(
            user=User.objects.get(pk=by.pk),
            operation=Export({"format": file_format, "columns": list(columns)}),
            candidates=Candidate.objects.visible_to(by),
            key=uuid4(),
        )
        return action

    return start


def run(action: BulkAction) -> BulkAction:
    engine.work_on(action.pk, 0)
    action.refresh_from_db()
    return action


def table(action: BulkAction) -> list[dict[str, Any]]:
    """The rows of the file, by heading; no text where there is nothing."""
    if name_of(action).endswith(".csv"):
        data = action.file.open().read()
        return list(csv.DictReader(StringIO(data.decode("utf-8-sig"))))
    headings, *rows = sheet_of(action).iter_rows(values_only=True)
    return [dict(zip(headings, [value or "" for value in row], strict=True)) for row in rows]


def sheet_of(action: BulkAction) -> Any:
    return openpyxl.load_workbook(BytesIO(action.file.open().read())).active


def name_of(action: BulkAction) -> str:
    return Path(action.file.name or "").name


def stored() -> list[str]:
    """All that lies in the exports' folders."""
    try:
        folders = default_storage.listdir(export_files.ROOM)[0]
    except FileNotFoundError:
        return []
    return [f for folder in folders for f in default_storage.listdir(f"exports/{folder}")[1]]


def download(client: Client, action: BulkAction) -> Any:
    return client.get(reverse("bulk_actions:file", args=[action.pk]))


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

    assert row == {"Name": f"'{NASTY}", "Source": "'@SUM(A1)", "'-1+1": "'\t=1", "n": "-5"}


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


# --- what becomes of the files ---


def test_when_it_ended_only_the_file_is_left(
    start, make_candidates, django_capture_on_commit_callbacks
):
    make_candidates(3)
    action = start()
    with django_capture_on_commit_callbacks(execute=True):
        run(action)
    jobs = django_rq.get_queue("default").jobs

    assert ("pipeline.bulk_actions.export_clearing.clear", [action.pk]) in [
        (job.func_name, job.args) for job in jobs
    ]
    export_clearing.clear(action.pk)

    assert stored() == [name_of(action)]


def test_its_place_cant_be_guessed(start, make_candidates):
    make_candidates(1)
    first, second = run(start()), run(start())

    tokens = {(action.file.name or "").split("/")[1].split("-")[1] for action in (first, second)}

    assert len(tokens) == 2
    assert all(len(token) == 32 for token in tokens)


def test_canceled_in_the_middle_it_leaves_no_file_and_exact_lists(
    start, make_candidates, recruiter, settings
):
    settings.BULK_CHUNK_SIZE = 2
    make_candidates(6)
    action = start()
    action.start()
    engine.process_next_chunk(action, action.get_operation())
    action.cancel(by=recruiter)

    run(action)
    export_clearing.clear(action.pk)

    assert (action.status, action.changed, action.untouched) == ("canceled", 2, 4)
    assert action.outcomes.changed().count() == 2
    assert not action.file
    assert stored() == []


def test_canceled_while_the_parts_are_joined_it_leaves_no_file(
    start, make_candidates, recruiter, monkeypatch
):
    make_candidates(3)
    action = start()
    monkeypatch.setattr(export_files, "LOOK_SECONDS", 0)

    def cancel(*_rows: object) -> list[str]:
        action.cancel(by=recruiter)
        return [str(row) for row in _rows[1]]  # type: ignore[attr-defined]

    monkeypatch.setattr("pipeline.bulk_actions.operations.export.csv_lines", cancel)
    run(action)
    assert {name.partition("-")[0] for name in stored()} == {"part"}
    export_clearing.clear(action.pk)

    assert (action.status, action.changed) == ("canceled", 3)
    assert not action.file
    assert stored() == []


def test_nothing_is_cleared_under_the_hands_of_who_joins_the_parts(start, make_candidates):
    make_candidates(1)
    action = start()
    action.start()
    engine.process_next_chunk(action, action.get_operation())

    export_clearing.clear(action.pk)
    export_clearing.clear_exports()

    assert stored() == ["part-0.jsonl"]


def test_what_somebody_is_still_at_is_cleared_later(start, make_candidates, monkeypatch):
    make_candidates(1)
    action = start()
    one_chunk = action.start() and engine.process_next_chunk(action, action.get_operation())
    action.fail("It stopped.")
    monkeypatch.setattr(locks, "only_conclusion", lambda _: nullcontext(False))

    export_clearing.clear(action.pk)

    later = django_rq.get_queue("default").scheduled_job_registry
    assert one_chunk
    assert (later.count, stored()) == (1, ["part-0.jsonl"])
    for job in later.get_job_ids():
        later.remove(job, delete_job=True)


def test_after_a_crash_before_the_end_the_file_is_made_again(start, make_candidates, monkeypatch):
    make_candidates(3)
    action = start()
    monkeypatch.setattr(BulkAction, "finish", lambda self, **fields: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        engine.work_on(action.pk, 0)
    monkeypatch.undo()

    run(action)

    assert action.status == "completed"
    assert len(table(action)) == 3


def test_a_part_that_was_written_but_not_committed_is_replaced(start, make_candidates):
    make_candidates(2)
    action = start()
    export_files.replace(export_files.part_name(action.pk, 0), ContentFile(b'["old"]\n[1, {}]\n'))

    rows = table(run(action))

    assert len(rows) == 2
    assert "old" not in rows[0]


def test_a_lost_part_fails_the_export_instead_of_shortening_it(start, make_candidates, settings):
    settings.BULK_CHUNK_SIZE = 2
    make_candidates(4)
    action = start()
    action.start()
    engine.process_next_chunk(action, action.get_operation())
    default_storage.delete(export_files.part_name(action.pk, 0))

    run(action)

    assert action.status == "failed"
    assert "A part of the file was lost" in action.failure


def test_a_row_that_cant_be_read_fails_alone(start, make_candidates, monkeypatch):
    make_candidates(3, attributes='{"x": 1}')
    bad = Candidate.objects.order_by("pk")[1].pk
    poison = f"candidate.id / (candidate.id - {bad})"
    monkeypatch.setitem(export_files.COLUMNS, "id", export_files.Column("Id", poison))

    action = run(start(columns=["id"]))

    assert (action.changed, action.failed) == (2, 1)
    assert action.status == "completed_with_failures"
    assert len(table(action)) == 2


def test_who_left_the_openings_before_their_turn_is_not_in_the_file(
    start, make_candidates, other_opening, limited
):
    make_candidates(3)
    action = start(by=limited)
    gone = Candidate.objects.order_by("pk")[0]
    Candidate.objects.filter(pk=gone.pk).update(opening=other_opening, folder=other_opening.inbox)

    rows = table(run(action))

    assert (action.changed, action.failed) == (2, 1)
    assert str(gone.pk) not in {row["Candidate id"] for row in rows}
    assert action.outcomes.failed().get().reason == "Moved to another opening before its turn came."


def test_the_storages_failure_is_told(start, make_candidates, monkeypatch):
    make_candidates(1)
    action = start()

    def full(*_: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr("pipeline.bulk_actions.operations.export.csv_lines", full)
    run(action)

    assert action.status == "failed"
    assert "could not be written" in action.failure


def test_after_thirty_days_the_file_is_gone_and_the_page_says_so(
    start, make_candidates, client_of, recruiter
):
    make_candidates(1)
    old, new = run(start()), run(start())
    long_ago = timezone.now() - timedelta(days=31)
    BulkAction.objects.filter(pk=old.pk).update(ended_at=long_ago)

    export_clearing.clear_exports()

    answer = download(client_of(recruiter), old)
    assert answer.status_code == 410
    assert "Exports are kept for 30 days" in answer.content.decode()
    assert stored() == [name_of(new)]
    assert download(client_of(recruiter), new).status_code == 200


def test_what_belongs_to_no_action_is_cleared(db):
    export_files.replace(export_files.part_name(987, 0), ContentFile(b"[]"))

    export_clearing.clear_exports()

    assert stored() == []


# --- who may have it ---


def test_the_download_is_a_file_that_nobody_keeps_on_the_way(
    start, make_candidates, client_of, agent
):
    make_candidates(2)
    action = run(start())

    answer = download(client_of(agent), action)

    name = name_of(action)
    assert b"".join(answer.streaming_content) == action.file.open().read()
    assert answer["Content-Disposition"] == f'attachment; filename="{name}"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in answer["Cache-Control"]
    entry = AuditEntry.objects.get(verb="downloaded")
    assert (entry.actor, entry.subject) == (agent, "Export as CSV (2 candidates)")


def test_a_stranger_gets_nothing(start, make_candidates, client_of, stranger):
    make_candidates(1)
    action = run(start())

    assert download(client_of(stranger), action).status_code == 404


def test_a_limited_member_needs_all_openings_of_it(
    start, make_candidates, client_of, limited, other_opening
):
    make_candidates(1)
    mine = run(start(by=limited))
    make_candidates(1, other_opening)
    wider = run(start())
    client = client_of(limited)

    allowed, refused = download(client, mine), download(client, wider)
    other_opening.members.add(limited.membership)

    assert allowed.status_code == 200
    assert refused.status_code == 403
    assert "candidates of openings that you don’t see" in refused.content.decode()
    assert download(client, wider).status_code == 200


def test_what_makes_no_file_has_none(start_move, make_candidates, opening, client_of, recruiter):
    make_candidates(1)
    action = start_move(opening.folders.get(name="Hired"))

    assert download(client_of(recruiter), action).status_code == 404


def test_before_it_is_ready_the_page_says_so(start, make_candidates, client_of, recruiter):
    make_candidates(1)

    answer = download(client_of(recruiter), start())

    assert answer.status_code == 404
    assert "not ready yet" in answer.content.decode()


def test_the_review_offers_the_file_to_who_may_have_it(
    start, make_candidates, client_of, recruiter, limited, other_opening
):
    make_candidates(1)
    make_candidates(1, other_opening)
    action = run(start())
    link = f'href="{reverse("bulk_actions:file", args=[action.pk])}"'

    mine = client_of(recruiter).get(action.get_absolute_url()).content.decode()
    theirs = client_of(limited).get(action.get_absolute_url()).content.decode()

    assert link in mine
    assert link not in theirs


def test_the_cancel_dialog_says_that_no_file_is_made(
    start, make_candidates, client_of, recruiter, settings
):
    settings.BULK_CHUNK_SIZE = 2
    make_candidates(4)
    action = start()
    action.start()
    engine.process_next_chunk(action, action.get_operation())

    page = client_of(recruiter).get(reverse("bulk_actions:cancel", args=[action.pk]))

    assert "No file is made" in page.content.decode()
    assert "stay exported" not in page.content.decode()
