"""The import itself: from the file through the staging table into the opening."""

import csv
import io
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import IO, Any

from django.core.files import File
from django.db import OperationalError, transaction
from psycopg.errors import DeadlockDetected

from pipeline.candidates.models import Label
from pipeline.candidates.signals import candidates_changed
from pipeline.workspaces.csv_export import formula_safe

from . import cleaning, staging
from .errors import ImportRefused
from .models import CandidateImport
from .people import REASONS, Plan, Reader
from .reading import Layout, records_of, rows_of, sample_of

ROWS_AT_ONCE = 5000
REPORT_SECONDS = 0.5
MOST_NEW_LABELS = 500


# How far it is: percent, what is being done, rows read.
Tell = Callable[[int, str, int], None]


def load(imported: CandidateImport, path: Path, tell: Tell) -> dict[str, Any]:
    """Import the file at `path`, which `imported` describes and has begun to run.

    All of it or nothing: the candidates come with the status Completed in one transaction.
    Raises ImportRefused when the file turns out to be unusable.
    """
    with tempfile.TemporaryFile() as rejected:
        loading = Loading(imported, path, rejected, tell)
        loading.stage()
        if loading.rejected:
            rejected.seek(0)
            imported.rejected.save("rejected.csv", File(rejected))
    tell(99, "Adding the candidates", loading.counts["records"])
    for attempt in range(3):
        try:
            return loading.merge()
        except OperationalError as error:  # a bulk action wanted the same candidates
            if attempt == 2 or not isinstance(error.__cause__, DeadlockDetected):
                raise
    raise AssertionError("unreachable")


def plan_of(imported: CandidateImport, path: Path) -> Plan:
    layout = Layout.from_json(imported.layout)
    sample = sample_of(path, layout)

    def cells(name: str) -> list[str]:
        heading = imported.mapping.get(name)
        return [row[layout.columns.index(heading)] for row in sample] if heading else []

    region = imported.phone_region
    return Plan(
        columns=layout.columns,
        mapping=imported.mapping,
        kept=imported.kept,
        separator=imported.separator,
        region=region,
        zone=imported.opening.workspace.tz,
        day_first={
            name: cleaning.is_day_first(cells(name), region)
            for name in ("created_at", "available_from")
        },
    )


@dataclass
class Loading:
    imported: CandidateImport
    path: Path
    rejects: IO[bytes]
    tell: Tell
    counts: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.layout = Layout.from_json(self.imported.layout)
        self.reader = Reader(plan_of(self.imported, self.path))
        opening = self.imported.opening
        self.folders = {
            folder.name.strip().casefold(): folder.pk for folder in opening.folders.all()
        }
        labels = Label.objects.filter(workspace=opening.workspace_id)
        self.labels = {name.casefold(): name for name in labels.values_list("name", flat=True)}
        self.labels_before = len(self.labels)
        self.reported_at = 0.0

    def stage(self) -> None:
        """Read, clean and stage every row; write the rejected ones to their file."""
        staging.create()
        self.records = records_of(self.path, self.layout)
        lines: list[staging.Line] = []
        for line in self.lines():
            lines.append(line)
            if len(lines) >= ROWS_AT_ONCE:
                staging.copy(lines)
                lines.clear()
        staging.copy(lines)
        self.counts["formulas"] += self.records.formulas

    def lines(self) -> Iterator[staging.Line]:
        rejects = io.TextIOWrapper(self.rejects, encoding="utf-8-sig", newline="")
        write = csv.writer(rejects).writerow
        write(["Record", "Reason", *map(formula_safe, self.layout.columns)])
        for number, row in enumerate(rows_of(self.path, self.layout, self.records), 1):
            self.counts["records"] = number
            if number % 500 == 0:
                self.report()
            if cleaning.is_blank(row):
                self.counts["blank"] += 1
                continue
            person = self.reader.read(row)
            if isinstance(person, str):
                self.rejected[person] += 1
                write([number, REASONS[person], *map(formula_safe, row)])
                continue
            self.counts["valid"] += 1
            self.counts["formulas"] += sum(map(cleaning.is_formula, row))
            person.labels = [self.label(name) for name in person.labels]
            yield number, person, self.folders.get(person.stage.casefold())
        rejects.flush()
        rejects.detach()  # else its end would close the file

    def label(self, name: str) -> str:
        """The label's spelling in the workspace, or the first in the file."""
        known = self.labels.setdefault(name.casefold(), name)
        if len(self.labels) > self.labels_before + MOST_NEW_LABELS:
            raise ImportRefused(
                f"The column “{self.imported.mapping['tags']}” holds more than "
                f"{MOST_NEW_LABELS} different labels, so it is hardly one of labels. "
                "Map another column to Labels, or none."
            )
        return known

    def report(self) -> None:
        if monotonic() - self.reported_at < REPORT_SECONDS:
            return
        self.reported_at = monotonic()
        percent = int(self.records.fraction() * 95)
        self.tell(percent, "Reading the file", self.counts["records"])

    def merge(self) -> dict[str, Any]:
        """The people and the status Completed together, or neither."""
        imported, opening = self.imported, self.imported.opening
        with transaction.atomic():
            merged = staging.merge(opening, imported.pk, list(self.labels.values()))
            counts = {
                "blank": 0,
                "valid": 0,
                "formulas": 0,
                **self.counts,
                **merged,
                "rejected": self.rejected.total(),
                "reasons": dict(self.rejected),
            }
            if not imported.finish(counts):
                raise ImportRefused("The import was ended by somebody else.")
            transaction.on_commit(
                lambda: candidates_changed.send_robust(
                    CandidateImport, opening_id=opening.pk, import_id=imported.pk
                )
            )
        return counts
