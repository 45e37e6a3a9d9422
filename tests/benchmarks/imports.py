"""How fast a file of people comes in, and that it takes no more memory for more of them.

Beside it a bare COPY of the same rows into the same table, which knows nobody from before and
reads no file, and django-import-export, which many use and which goes row by row.
"""

import csv
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil
from django.conf import settings
from django.db import connection
from django.test import override_settings
from import_export import resources
from tablib import Dataset

from pipeline.candidates.importing.jobs import attempt
from pipeline.candidates.importing.starting import from_file
from pipeline.candidates.models import Candidate, Opening
from pipeline.workspaces.models import Workspace

from .report import Report

HEADINGS = ("First name", "Last name", "Email", "Phone", "Source", "Notes")
COLUMNS = ("first_name", "last_name", "full_name", "email", "phone", "source", "attributes")
ONE_BY_ONE = 2000  # rows for what goes row by row: enough to know the speed
LARGE = 100_000  # from here on the set-up no longer counts, and the targets hold
STARTS = 3


def measure(sizes: list[int], report: Report) -> None:
    workspace = Workspace.objects.create(name="Imports", phone_region="GB")
    memory: dict[int, float] = {}
    with TemporaryDirectory() as folder, override_settings(MEDIA_ROOT=folder):
        slow = row_by_row(opening_of(workspace, "Row by row"), report)
        for size in sizes:
            path = Path(folder) / "people.csv"
            write(path, size)
            bare = copy(opening_of(workspace, f"COPY {size}"), size, report)
            ours = imported(opening_of(workspace, f"Import {size}"), path, size, report)
            targets = {"at_most": 6} if size >= LARGE else {}
            report.add("import: time against the bare COPY", size, ours / bare, "times", **targets)
            targets = {"at_least": 20} if size >= LARGE else {}
            speed = size / ours / slow
            report.add("import: speed against row by row", size, speed, "times", **targets)
            memory[size] = peak(path, workspace, size, report)
    small, large = min(sizes), max(sizes)
    growth = memory[large] / memory[small]
    what = "import: peak memory, against the smallest N"
    report.add(what, large, growth, "times", at_most=1.3)
    report.add("import: start of the command", 1, start(), "s", at_most=2)


def people(size: int) -> Iterator[tuple[str, ...]]:
    for n in range(size):
        last = f"Müller-{n}" if n % 3 else f"Reed-{n}"
        email, phone = f"person.{n}@example.com", f"+4477{n:08}"
        yield f"Ana {n % 977}", last, email, phone, f"Fair {n % 9}", f"Speaks German, case {n}"


def write(path: Path, size: int) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADINGS)
        writer.writerows(people(size))


def opening_of(workspace: Workspace, name: str) -> Opening:
    opening = Opening.objects.create(workspace=workspace, name=name)
    opening.add_default_folders()
    return opening


def copy(opening: Opening, size: int, report: Report) -> float:
    """Seconds of one COPY of rows that are text already."""
    place = f"{opening.workspace_id}\t{opening.pk}\t{opening.inbox.pk}"
    lines = "".join(
        f"{place}\t{first}\t{last}\t{first} {last}\t{email}\t{phone}\t{source}\t"
        f'{{"Notes": "{notes}"}}\n'
        for first, last, email, phone, source, notes in people(size)
    )
    began = time.perf_counter()
    columns = ", ".join(("workspace_id", "opening_id", "folder_id", *COLUMNS))
    sql = f"COPY candidates_candidate ({columns}) FROM STDIN"
    with connection.cursor() as cursor, cursor.copy(sql) as out:
        out.write(lines)
    seconds = time.perf_counter() - began
    report.add("import: bare COPY of the same rows", size, size / seconds, "rows/s")
    return seconds


def imported(opening: Opening, path: Path, size: int, report: Report) -> float:
    """Seconds from the file to all of its people, known ones and repeats looked for."""
    began = time.perf_counter()
    imported = from_file(path, opening)
    imported.order()
    imported.run()
    attempt(imported)
    seconds = time.perf_counter() - began
    imported.refresh_from_db()
    assert imported.counts["new"] == size, imported.counts or imported.error
    report.add("import: a CSV, all of it", size, size / seconds, "rows/s")
    return seconds


class People(resources.ModelResource):  # type: ignore[misc]  # it has no types
    class Meta:
        model = Candidate
        import_id_fields = ("email",)
        fields = ("first_name", "last_name", "email", "phone", "source")

    def __init__(self, opening: Opening) -> None:
        super().__init__()
        self.opening = opening

    def get_queryset(self) -> Any:
        return Candidate.objects.filter(opening=self.opening)

    def before_save_instance(self, instance: Candidate, row: Any, **_: Any) -> None:
        instance.workspace_id, instance.opening = self.opening.workspace_id, self.opening
        instance.folder = self.opening.inbox
        instance.full_name = f"{instance.first_name} {instance.last_name}"
        instance.attributes = {"Notes": row["notes"]}


def row_by_row(opening: Opening, report: Report) -> float:
    """Rows in a second."""
    names = ("first_name", "last_name", "email", "phone", "source", "notes")
    table = Dataset(*people(ONE_BY_ONE), headers=names)
    began = time.perf_counter()
    result = People(opening).import_data(table, raise_errors=True)
    speed = ONE_BY_ONE / (time.perf_counter() - began)
    assert result.totals["new"] == ONE_BY_ONE, result.totals
    report.add("import: row by row, by django-import-export", ONE_BY_ONE, speed, "rows/s")
    return speed


def command(*arguments: str) -> subprocess.Popen[bytes]:
    manage = [sys.executable, str(settings.BASE_DIR / "manage.py"), "import_candidates"]
    return subprocess.Popen([*manage, *arguments], stdout=subprocess.DEVNULL)


def peak(path: Path, workspace: Workspace, size: int, report: Report) -> float:
    """The most MiB of the command and the process that reads for it, together."""
    name = f"Memory {size}"
    process = command(str(path), "--workspace", workspace.name, "--opening", name,
                      "--create-opening")  # fmt: skip
    watched, most = psutil.Process(process.pid), 0.0
    while process.poll() is None:
        try:
            family = [watched, *watched.children(recursive=True)]
            most = max(most, sum(each.memory_info().rss for each in family) / 2**20)
        except psutil.NoSuchProcess:
            continue
        time.sleep(0.02)
    assert process.returncode == 0
    report.add("import: peak memory of the command", size, most, "MiB")
    return most


def start() -> float:
    """Seconds until the command has said how it is used: the best of a few."""
    took = []
    for _ in range(STARTS):
        began = time.perf_counter()
        assert command("--help").wait() == 0
        took.append(time.perf_counter() - began)
    return min(took)
