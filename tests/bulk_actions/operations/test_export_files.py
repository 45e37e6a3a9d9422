"""What becomes of an export's files: one is left, and in the end none."""

import json
import tracemalloc
from contextlib import nullcontext
from datetime import timedelta

import django_rq
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from pipeline.bulk_actions.engine import export_cleanup, lane
from pipeline.bulk_actions.followups import Following
from pipeline.bulk_actions.models import BulkAction, FollowUp, locks
from pipeline.bulk_actions.operations import operation_of
from pipeline.bulk_actions.writing import export_files
from pipeline.candidates.models import Candidate

from .conftest import reasons_of
from .exports import download, name_of, run, stored, table
from .exports import start as start
from .exports import storage as storage

pytestmark = pytest.mark.usefixtures("storage")


def test_when_it_ended_only_the_file_is_left(
    start, make_candidates, django_capture_on_commit_callbacks
):
    make_candidates(3)
    action = start()
    with django_capture_on_commit_callbacks(execute=True):
        run(action)
    jobs = django_rq.get_queue("default").jobs

    assert ("pipeline.bulk_actions.engine.export_cleanup.clear", [action.pk]) in [
        (job.func_name, job.args) for job in jobs
    ]
    export_cleanup.clear(action.pk)

    assert stored() == [name_of(action)]


def test_its_place_cant_be_guessed(start, make_candidates):
    make_candidates(1)
    first, second = run(start()), run(start())

    tokens = {(action.file.name or "").split("/")[1].split("-")[1] for action in (first, second)}

    assert len(tokens) == 2
    assert all(len(token) == 32 for token in tokens)


def test_canceled_in_the_middle_it_leaves_no_file_and_nobody_counts_as_exported(
    start, make_candidates, recruiter, settings
):
    settings.BULK_CHUNK_SIZE = 2
    make_candidates(6)
    action = start()
    action.start()
    lane.process_next_chunk(action, operation_of(action))
    action.cancel(by=recruiter)

    run(action)
    export_cleanup.clear(action.pk)

    assert (action.status, action.changed, action.untouched) == ("canceled", 0, 6)
    assert Following(action, FollowUp.REST, recruiter).selection.candidates.count() == 6
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
    export_cleanup.clear(action.pk)

    assert (action.status, action.changed, action.untouched) == ("canceled", 0, 3)
    assert not action.file
    assert stored() == []


def test_nothing_is_cleared_under_the_hands_of_who_joins_the_parts(start, make_candidates):
    make_candidates(1)
    action = start()
    action.start()
    lane.process_next_chunk(action, operation_of(action))

    export_cleanup.clear(action.pk)
    export_cleanup.clear_exports()

    assert stored() == ["part-0.jsonl"]


def test_what_somebody_is_still_at_is_cleared_later(start, make_candidates, monkeypatch):
    make_candidates(1)
    action = start()
    one_chunk = action.start() and lane.process_next_chunk(action, operation_of(action))
    action.fail("It stopped.")
    monkeypatch.setattr(locks, "only_conclusion", lambda _: nullcontext(False))

    export_cleanup.clear(action.pk)

    queue = django_rq.get_queue("default")
    later = queue.scheduled_job_registry
    jobs = filter(None, map(queue.fetch_job, later.get_job_ids()))
    clearings = [job for job in jobs if job.func_name == f"{export_cleanup.__name__}.clear"]
    assert one_chunk
    assert [list(job.args) for job in clearings] == [[action.pk]]
    assert stored() == ["part-0.jsonl"]
    for job in clearings:
        later.remove(job, delete_job=True)


def test_after_a_crash_before_the_end_the_file_is_made_again(start, make_candidates, monkeypatch):
    make_candidates(3)
    action = start()
    monkeypatch.setattr(BulkAction, "finish", lambda self, **fields: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        lane.work_on(action.pk, 0)
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
    lane.process_next_chunk(action, operation_of(action))
    default_storage.delete(export_files.part_name(action.pk, 0))

    run(action)

    assert (action.status, action.processed, action.untouched) == ("failed", 0, 4)
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
    assert reasons_of(action) == {"Was moved to another opening before its turn came.": 1}


def test_the_storages_failure_is_told(start, make_candidates, monkeypatch):
    make_candidates(1)
    action = start()

    def full(*_: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr("pipeline.bulk_actions.operations.export.csv_lines", full)
    run(action)

    assert (action.status, action.processed) == ("failed", 0)
    assert "could not be written" in action.failure


def test_after_thirty_days_the_file_is_gone_and_the_page_says_so(
    start, make_candidates, client_of, recruiter
):
    make_candidates(1)
    old, new = run(start()), run(start())
    long_ago = timezone.now() - timedelta(days=31)
    BulkAction.objects.filter(pk=old.pk).update(ended_at=long_ago)

    export_cleanup.clear_exports()

    answer = download(client_of(recruiter), old)
    assert answer.status_code == 410
    assert "Exports are kept for 30 days" in answer.content.decode()
    assert stored() == [name_of(new)]
    assert download(client_of(recruiter), new).status_code == 200


def test_what_belongs_to_no_action_is_cleared(db):
    export_files.replace(export_files.part_name(987, 0), ContentFile(b"[]"))

    export_cleanup.clear_exports()

    assert stored() == []


def test_a_part_is_written_without_all_its_candidates_in_memory(start, make_candidates):
    each = {f"Notes {n}": "x" * 9_000 for n in range(5)}
    make_candidates(400, attributes=json.dumps(each))
    action = start()
    chunk = action.chunks.get()

    tracemalloc.start()
    try:
        export_files.write_part(action, chunk, action.options["columns"])
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    size = default_storage.size(export_files.part_name(action.pk, chunk.number))
    assert size > 18_000_000
    assert peak < size / 2


def test_more_different_attributes_than_a_table_should_have_columns_are_no_file(
    start, make_candidates, monkeypatch
):
    monkeypatch.setattr(export_files, "MOST_ATTRIBUTES", 2)
    for name in "abc":
        make_candidates(1, attributes=json.dumps({name: 1}))

    action = run(start())

    assert action.failure == f"{export_files.TOO_MANY} Export fewer, or without attributes."
    assert not action.file
