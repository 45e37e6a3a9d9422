"""The import itself: from the file through the staging table into the opening."""

import csv
import io
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import chain, islice
from pathlib import Path
from time import monotonic
from typing import IO, Any

from django.core.files import File
from django.db import OperationalError, transaction
from django.utils.translation import gettext as _
from psycopg.errors import DeadlockDetected

from pipeline.candidates.models import Label
from pipeline.candidates.models.candidate_import import CandidateImport
from pipeline.candidates.models.import_reasons import REASONS
from pipeline.candidates.signals import candidates_changed
from pipeline.foundation import database_clock
from pipeline.foundation.commits import after_commit
from pipeline.foundation.exports.formulas import formula_safe, without_guards
from pipeline.foundation.names import same_key
from pipeline.foundation.turns import Interrupted, is_stop_requested

from . import cleaning, merging, moments, staging
from .errors import ImportRefused, NoLongerAllowed
from .people import Plan, Reader
from .reader_process import Rows
from .reading import SAMPLE_ROWS, Layout

ROWS_AT_ONCE = 5000
CHARACTERS_AT_ONCE = 16 * 1024**2  # of rows that are held
REPORT_SECONDS = 0.5
MOST_NEW_LABELS = 500
HIDDEN = "hidden"  # a row that a filter hides, which is left out
CLOCKS_DIFFER = timedelta(days=1)  # what was exported today in Auckland is not of tomorrow
RECORDS_NAMED = 10  # of those with something to notice


# How far it is: percent, what is being done, rows read.
Tell = Callable[[int, str, int], None]


def load(imported: CandidateImport, path: Path, tell: Tell) -> dict[str, Any]:
    """Import the file at `path`, which `imported` describes and has begun to run.

    All of it or nothing: the candidates come with the status Completed in one transaction.
    Raises ImportRefused when the file turns out to be unusable, NoLongerAllowed when who ordered
    it has lost the right to, and Interrupted.
    """
    with tempfile.TemporaryFile() as rejected:
        loading = Loading(imported, path, rejected, tell)
        loading.stage()
        if loading.rejected:
            loading.keep_rejected()
        tell(99, "Adding the candidates", loading.counts["records"])
        for attempt in range(3):
            try:
                return loading.merge()
            except OperationalError as error:  # a bulk action wanted the same candidates
                if attempt == 2 or not isinstance(error.__cause__, DeadlockDetected):
                    raise
    raise AssertionError("unreachable")


def check_rights(imported: CandidateImport) -> None:
    """Raise NoLongerAllowed when the person who ordered it may no longer import."""
    if lost := imported.why_not_any_more():
        raise NoLongerAllowed(lost)


def plan_of(imported: CandidateImport, layout: Layout, sample: list[list[str]]) -> Plan:
    def cells(name: str) -> list[str]:
        heading = imported.mapping.get(name)
        at = layout.columns.index(heading) if heading else 0
        return [row[at] for row in sample if len(row) > at] if heading else []

    region = imported.phone_region
    return Plan(
        columns=layout.columns,
        mapping=imported.mapping,
        kept=imported.kept,
        separator=imported.separator,
        region=region,
        zone=imported.opening.workspace.tz,
        day_first={
            name: moments.is_day_first(cells(name), region)
            for name in ("created_at", "available_from")
        },
        now=database_clock.now() + CLOCKS_DIFFER,
        opt_outs=imported.opt_outs,
        header_width=layout.header_width,
    )


def first_of(rows: Iterator[list[str]]) -> list[list[str]]:
    """Return the first rows: enough to tell how dates are written."""
    found: list[list[str]] = []
    characters = 0
    for row in islice(rows, SAMPLE_ROWS):
        found.append(row)
        characters += sum(map(len, row))
        if characters > CHARACTERS_AT_ONCE:
            break
    return found


@dataclass
class Loading:
    imported: CandidateImport
    path: Path
    rejects: IO[bytes]
    tell: Tell
    counts: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)
    # What was noticed in rows that are imported all the same: see models.import_remarks.
    found: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.layout = Layout.from_json(self.imported.layout)
        self.records = Rows(self.path, self.layout)
        opening = self.imported.opening
        self.folders = {same_key(folder.name): folder.pk for folder in opening.folders.all()}
        labels = Label.objects.filter(workspace=opening.workspace_id)
        self.labels = {same_key(name): name for name in labels.values_list("name", flat=True)}
        self.labels_before = len(self.labels)
        used = {*self.imported.mapping.values(), *self.imported.kept, *self.imported.opt_outs}
        self.used = {at for at, heading in enumerate(self.layout.columns) if heading in used}
        self.rows_above = self.layout.header + 1  # rows are named as a spreadsheet counts them
        self.reported_at = 0.0
        self.held = 0  # characters of the rows that are not staged yet
        self.rejected_bytes = 0  # of the file of rejected rows, once all are staged

    def stage(self) -> None:
        """Read, clean and stage every row; write the rejected ones to their file."""
        staging.create()
        lines: list[staging.Line] = []
        for line in self.lines():
            lines.append(line)
            if len(lines) >= ROWS_AT_ONCE or self.held > CHARACTERS_AT_ONCE:
                staging.copy(lines)
                lines.clear()
                self.held = 0
        staging.copy(lines)
        self.rejected_bytes = self.rejects.seek(0, io.SEEK_END)

    def lines(self) -> Iterator[staging.Line]:
        rejects = io.TextIOWrapper(self.rejects, encoding="utf-8-sig", newline="")
        write = csv.writer(rejects, quoting=csv.QUOTE_ALL).writerow
        write(["Record", "Reason", *map(formula_safe, self.layout.columns)])
        rows = iter(self.records)
        top = first_of(rows)
        reader = Reader(plan_of(self.imported, self.layout, top))
        for number, row in enumerate(chain(top, rows), 1):
            self.counts["records"] = number
            if number % 500 == 0:
                self.report()
            flaw = self.flaw_of(number)
            if flaw == HIDDEN:
                continue
            if not flaw and cleaning.is_blank(row):
                self.counts["blank"] += 1
                continue
            person = flaw or reader.read(row)
            if isinstance(person, str):
                self.rejected[person] += 1
                write([number, REASONS[person], *map(guarded_once, row)])
                continue
            self.counts["valid"] += 1
            self.held += sum(map(len, row))
            self.counts["formulas"] += sum(map(cleaning.is_formula, row))
            person.labels = [self.label(name) for name in person.labels]
            self.notice(number + self.rows_above, person.noticed)
            yield number, person, self.folders.get(same_key(person.stage)) if person.stage else None
        rejects.flush()
        rejects.detach()  # else its end would close the file

    def flaw_of(self, number: int) -> str:
        """Why nobody can be made of the row, as its reader found; empty where the plan can."""
        reason, columns = self.records.flaws.pop(number, ("", []))
        return reason if not columns or self.used & set(columns) else ""

    def notice(self, row: int, codes: Iterable[str]) -> None:
        for code in set(codes):
            found = self.found.setdefault(code, {"count": 0, "rows": []})
            found["count"] += 1
            if len(found["rows"]) < RECORDS_NAMED:
                found["rows"].append(row)

    def keep_rejected(self) -> None:
        """Store the rejected rows, in place of those that were stored before."""
        self.rejects.seek(0)
        self.imported.rejected.delete(save=False)
        self.imported.rejected.save("rejected.csv", File(self.rejects), save=False)
        self.imported.save(update_fields=["rejected"])

    def reject_refused(self) -> Counter[str]:
        """Add to the rejected rows those that were left out when people were put together."""
        refused = merging.refused()
        record, code = next(refused, (0, ""))
        reasons: Counter[str] = Counter()
        if not record:
            return reasons
        self.rejects.seek(0, io.SEEK_END)
        rejects = io.TextIOWrapper(self.rejects, encoding="utf-8", newline="")
        write = csv.writer(rejects, quoting=csv.QUOTE_ALL).writerow
        with closing(iter(Rows(self.path, self.layout))) as rows:
            for number, row in enumerate(rows, 1):
                if number % 500 == 0:
                    staging.stay_awake()
                if number == record:
                    write([number, REASONS[code], *map(guarded_once, row)])
                    reasons[code] += 1
                    record, code = next(refused, (0, ""))
                    if not record:
                        break
        rejects.flush()
        rejects.detach()  # else its end would close the file
        return reasons

    def label(self, name: str) -> str:
        """The label's spelling in the workspace, or the first in the file."""
        known = self.labels.setdefault(same_key(name), name)
        if len(self.labels) > self.labels_before + MOST_NEW_LABELS:
            raise ImportRefused(
                _(
                    "The column “%(column)s” has more than %(most)s different "
                    "labels, so it probably does not contain labels. Map another column "
                    "to Labels, or none."
                )
                % {"column": self.imported.mapping["tags"], "most": MOST_NEW_LABELS}
            )
        return known

    def report(self) -> None:
        """Store the progress. Raises Interrupted when the worker has to stop."""
        if is_stop_requested():
            raise Interrupted
        if monotonic() - self.reported_at < REPORT_SECONDS:
            return
        self.reported_at = monotonic()
        percent = int(self.records.fraction * 95)
        self.tell(percent, "Reading the file", self.counts["records"])

    def merge(self) -> dict[str, Any]:
        """Write the people and the status Completed in one transaction."""
        imported, opening = self.imported, self.imported.opening
        self.rejects.truncate(self.rejected_bytes)  # as a try that failed may have left it
        with transaction.atomic():
            merged = merging.merge(opening, imported.pk, list(self.labels.values()))
            findings = (
                self.records.findings | self.found | renamed(merged.pop("renamed"), self.rows_above)
            )
            refused = self.reject_refused()
            rejected = self.rejected + refused
            counts = {
                "blank": 0,
                "formulas": 0,
                **self.counts,
                **merged,
                "valid": self.counts["valid"] - refused.total(),
                "rejected": rejected.total(),
                "reasons": dict(rejected),
                "findings": findings,
            }
            if refused:
                self.keep_rejected()
            check_rights(imported)  # it may have taken minutes to come so far
            if not imported.finish(counts):
                raise ImportRefused(_("Someone else has ended the import."))
            after_commit(
                candidates_changed.send_robust,
                CandidateImport,
                workspace_id=opening.workspace_id,
                opening_ids=[opening.pk],
                import_id=imported.pk,
            )
        return counts


def renamed(records: list[int], rows_above: int) -> dict[str, dict[str, Any]]:
    """The finding of rows that became somebody with another name."""
    rows = [record + rows_above for record in records[:RECORDS_NAMED]]
    return {"other_name": {"count": len(records), "rows": rows}} if records else {}


def guarded_once(cell: str) -> str:
    """Guard the cell against formulas so that a corrected file imports the same value."""
    return formula_safe(without_guards(cell))
