"""How fast candidates come into a file, and that it takes no more memory for more of them.

The limit is PostgreSQL's own COPY of the same columns; it knows neither attributes as columns nor
labels that one may take away, formulas, outcomes or a cancel.
"""

import time
from contextlib import suppress
from uuid import uuid4

from django.core.files.storage import default_storage
from django.db import connection

from pipeline.bulk_actions.engine.export_cleanup import clear_exports
from pipeline.bulk_actions.engine.start import start_bulk_action
from pipeline.bulk_actions.models import BulkAction
from pipeline.bulk_actions.operations.export import HEADINGS, Export
from pipeline.bulk_actions.writing.export_files import COLUMNS, OBJECT
from pipeline.candidates.models import Candidate
from pipeline.foundation.exports.xlsx_export import MOST_ROWS

from .crew import crew_of
from .engine import Bench, no_lane_left, seconds_of, wait_until
from .report import Report

FORMATS = ("csv", "xlsx")


def measure(sizes: list[int], report: Report) -> None:
    memory: dict[tuple[str, int], float] = {}
    for size in sizes:
        bench = Bench(size)
        report.add("export: COPY … TO STDOUT", size, size / copy(bench), "rows/s")
        for file_format in FORMATS:
            if file_format != "xlsx" or size <= MOST_ROWS:
                memory[file_format, size] = export(bench, file_format, report)
        bench.clear()
    small, large = min(sizes), max(sizes)
    for file_format in FORMATS:
        if (file_format, large) in memory:
            growth = memory[file_format, large] / memory[file_format, small]
            what = f"export: {file_format}, peak memory against the smallest N"
            report.add(what, large, growth, "times", at_most=1.1)


def export(bench: Bench, file_format: str, report: Report) -> float:
    """One lane, from the first chunk to the finished file. Returns the peak memory in MiB."""
    bench.tidy()
    with crew_of(1, queue_name="exports") as crew:
        action, _ = start_bulk_action(
            user=bench.user,
            operation=Export({"format": file_format, "columns": list(HEADINGS)}),
            candidates=Candidate.objects.visible_to(bench.user),
            key=uuid4(),
        )
        seconds = seconds_of(action)
        wait_until(no_lane_left)
    action.refresh_from_db()
    report.add(f"export: {file_format}, one lane", bench.size, bench.size / seconds, "rows/s")
    report.add(f"export: {file_format}, the joining alone", bench.size, joining(action), "s")
    report.add(f"export: {file_format}, size", bench.size, action.file.size / 2**20, "MiB")
    report.add(f"export: {file_format}, worker's peak memory", bench.size, crew.peak, "MiB")
    BulkAction.objects.all().delete()
    clear_exports()
    with suppress(FileNotFoundError):
        assert not default_storage.listdir("exports")[0]
    return crew.peak


def joining(action: BulkAction) -> float:
    """Seconds from the last candidate's outcome to the end."""
    last = action.outcomes.order_by("-at").values_list("at", flat=True)[0]
    assert action.ended_at
    return (action.ended_at - last).total_seconds()


def copy(bench: Bench) -> float:
    """Seconds of one COPY with all columns, every byte read and thrown away."""
    cells = ", ".join([*(column.sql for column in COLUMNS.values()), OBJECT])
    begun = time.perf_counter()
    with connection.cursor() as cursor:
        sql = COPY.format(cells=cells.replace("%(zone)s", "'UTC'"), workspace=bench.workspace.pk)
        with cursor.copy(sql) as out:
            for _ in out:
                pass
    return time.perf_counter() - begun


COPY = """
COPY (
    SELECT {cells}
    FROM candidates_candidate AS candidate
    JOIN candidates_opening AS opening ON opening.id = candidate.opening_id
    JOIN candidates_folder AS folder ON folder.id = candidate.folder_id
    LEFT JOIN workspaces_membership AS member ON member.id = candidate.recruiter_id
    LEFT JOIN workspaces_user AS person ON person.id = member.user_id
    WHERE candidate.workspace_id = {workspace} ORDER BY candidate.id
) TO STDOUT (FORMAT csv)
"""
