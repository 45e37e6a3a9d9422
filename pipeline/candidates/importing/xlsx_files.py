"""An Excel workbook as records: the sheet with the headings, row by row, formulas as text."""

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time
from itertools import islice, zip_longest
from pathlib import Path
from typing import Any

from openpyxl import load_workbook

from .columns import recognized
from .errors import ImportRefused

UNPACKED_BYTES = 2 * 1024**3  # a larger one is a zip bomb, or no list of candidates
SHARED_TEXT_BYTES = 300 * 1024**2  # openpyxl holds these in memory
ROWS = 1_048_576  # Excel's own limit

BROKEN = (
    "This Excel file can't be read: it is damaged or not what its name says. "
    "Open it in Excel, save it again as .xlsx or CSV, and upload that."
)


class XlsxRecords:
    """The rows of one sheet from its first, each a list of cells as text."""

    def __init__(self, path: Path, sheet: str) -> None:
        self.path, self.sheet = path, sheet
        self.formulas = 0
        self.record = 0
        self.expected_rows = 0

    def fraction(self) -> float:
        return min(1.0, self.record / self.expected_rows) if self.expected_rows else 0

    def __iter__(self) -> Iterator[list[str]]:
        self.formulas = self.record = 0
        try:
            yield from self.rows()
        except (ImportRefused, GeneratorExit):
            raise
        except Exception as error:  # openpyxl raises whatever its XML leads it to
            if type(error).__module__.startswith("rq."):  # a job's time is over
                raise
            raise ImportRefused(BROKEN) from error

    def rows(self) -> Iterator[list[str]]:
        with opened(self.path, data_only=True) as values:
            shown = values[self.sheet]
            self.expected_rows = shown.max_row or 0
            shown.reset_dimensions()  # some programs write a wrong one, and cells are lost
            if not has_formulas(self.path, shown):
                for row in shown.iter_rows(values_only=True):
                    yield self.count([text_of(value) for value in row])
                return
            yield from self.rows_with_formulas(shown)

    def rows_with_formulas(self, shown: Any) -> Iterator[list[str]]:
        """Formulas are never evaluated: what Excel last showed, or the formula's own text."""
        with opened(self.path, data_only=False) as formulas:
            written = formulas[self.sheet]
            written.reset_dimensions()
            rows = zip_longest(shown.iter_rows(values_only=True), written.iter_rows(), fillvalue=())
            for values, cells in rows:
                yield self.count(
                    [
                        self.shown_or_formula(value, cell)
                        for value, cell in zip_longest(values, cells)
                    ]
                )

    def shown_or_formula(self, value: Any, cell: Any) -> str:
        if getattr(cell, "data_type", None) != "f":
            return text_of(value)
        if value is None:
            return text_of(getattr(cell.value, "text", cell.value))
        self.formulas += 1  # a formula's own text is counted where cells are
        return text_of(value)

    def count(self, row: list[str]) -> list[str]:
        self.record += 1
        if self.record > ROWS:
            raise ImportRefused(BROKEN)
        return row


@contextmanager
def opened(path: Path, data_only: bool) -> Iterator[Any]:
    """The workbook, row by row. By its content: openpyxl refuses names without .xlsx."""
    with path.open("rb") as file:
        workbook = load_workbook(file, read_only=True, data_only=data_only)
        try:
            yield workbook
        finally:
            workbook.close()


def check_size(path: Path) -> None:
    """Raise ImportRefused for a file that would unpack to more than a machine has."""
    try:
        with zipfile.ZipFile(path) as archive:
            sizes = {entry.filename: entry.file_size for entry in archive.infolist()}
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise ImportRefused(BROKEN) from error
    if not any(name.endswith("workbook.xml") for name in sizes):
        raise ImportRefused(
            "This is a Word document, an archive or another packed file, not an Excel workbook. "
            "Save the candidates as .xlsx or CSV and upload that."
        )
    shared = sum(size for name, size in sizes.items() if name.endswith("sharedStrings.xml"))
    if sum(sizes.values()) > UNPACKED_BYTES or shared > SHARED_TEXT_BYTES:
        raise ImportRefused(
            "This Excel file unpacks to more than Belay reads. "
            "Save it as CSV, or split it into smaller files."
        )


def best_sheet(path: Path) -> str:
    """The sheet with the most known headings near its top; the first one when none has any."""
    try:
        with opened(path, data_only=True) as workbook:
            found: dict[str, int] = {
                sheet.title: headings_in(sheet) for sheet in workbook.worksheets
            }
    except Exception as error:
        raise ImportRefused(BROKEN) from error
    if not found:
        raise ImportRefused("The workbook has no sheet with rows. Upload the one that has them.")
    return max(found, key=lambda title: found[title])


def headings_in(sheet: Any) -> int:
    sheet.reset_dimensions()
    rows = islice(sheet.iter_rows(values_only=True), 50)
    return max((recognized([text_of(value) for value in row]) for row in rows), default=0)


def has_formulas(path: Path, sheet: Any) -> bool:
    """Whether any cell has one: a look at the raw XML, which is much faster than two readings."""
    with zipfile.ZipFile(path) as archive, archive.open(sheet._worksheet_path) as xml:
        before = b""
        while block := xml.read(1024 * 1024):
            if b"<f>" in before + block or b"<f " in before + block or b"<f/" in before + block:
                return True
            before = block[-3:]
    return False


def text_of(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))  # a phone number that Excel took for a number
    if isinstance(value, datetime):
        return value.replace(microsecond=0).isoformat(" ")
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value)
