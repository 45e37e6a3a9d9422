"""An Excel workbook as records: the sheet with the headings, row by row, formulas as text."""

import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import date, datetime, time
from itertools import islice, zip_longest
from pathlib import Path
from typing import Any

from .columns import recognized
from .errors import ImportRefused

UNPACKED_BYTES = 2 * 1024**3  # a larger one is a zip bomb, or no list of candidates
SHARED_TEXT_BYTES = 300 * 1024**2  # openpyxl holds these in memory
ROWS = 1_048_576  # Excel's own limit
CELL_CHARACTERS = 131_072  # as in CSV; Excel's own limit is 32,767
MOST_SHEETS = 20
BOOK_BYTES = 4 * 1024**2  # of the part that lists the sheets
SHEET = re.compile(rb"<(?:\w+:)?sheet\s")

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
        except (ImportRefused, MemoryError):
            raise
        except Exception as error:  # openpyxl raises whatever its XML leads it to
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
        if any(len(cell) > CELL_CHARACTERS for cell in row):
            raise ImportRefused(
                f"A cell in row {self.record} has more than {CELL_CHARACTERS:,} characters. "
                "Shorten it, or leave its column out."
            )
        return row


@dataclass
class Kept:
    """The workbooks that are open, and whether a sheet of theirs has formulas."""

    stack: ExitStack
    books: dict[tuple[Path, bool], Any] = field(default_factory=dict)
    formulas: dict[tuple[Path, str], bool] = field(default_factory=dict)


kept: ContextVar[Kept | None] = ContextVar("kept", default=None)


@contextmanager
def kept_open() -> Iterator[None]:
    """Each workbook is opened once inside of this: its texts and styles may take seconds."""
    with ExitStack() as stack:
        token = kept.set(Kept(stack))
        try:
            yield
        finally:
            kept.reset(token)


@contextmanager
def opened(path: Path, data_only: bool) -> Iterator[Any]:
    """The workbook, row by row."""
    keeping = kept.get()
    if keeping is None:
        with ExitStack() as stack:
            yield open_in(stack, path, data_only)
        return
    if (path, data_only) not in keeping.books:
        keeping.books[path, data_only] = open_in(keeping.stack, path, data_only)
    yield keeping.books[path, data_only]


def open_in(stack: ExitStack, path: Path, data_only: bool) -> Any:
    """By its content: openpyxl refuses names without .xlsx."""
    # Here, as every other process would spend 0.1 s on it: the fork server has it already.
    from openpyxl import load_workbook

    file = stack.enter_context(path.open("rb"))
    workbook = load_workbook(file, read_only=True, data_only=data_only, keep_links=False)
    stack.callback(workbook.close)
    return workbook


def unpacked_size(path: Path) -> int:
    """The bytes of its parts; of a file that is no workbook, its own."""
    try:
        with zipfile.ZipFile(path) as archive:
            return sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError):
        return path.stat().st_size


def check_size(path: Path) -> None:
    """Raise ImportRefused for a file that would unpack to more than a machine has."""
    try:
        with zipfile.ZipFile(path) as archive:
            sizes = {entry.filename: entry.file_size for entry in archive.infolist()}
            books = [name for name in sizes if name.endswith("workbook.xml")]
            sheets = max((sheets_in(archive, name) for name in books), default=0)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, OSError, ValueError):
        raise ImportRefused(BROKEN)
    if not books:
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
    if sheets > MOST_SHEETS:
        raise ImportRefused(
            f"The workbook has {sheets:,} sheets. Belay looks at up to {MOST_SHEETS}: copy the one "
            "with the candidates to a workbook of its own, and upload that."
        )


def sheets_in(archive: zipfile.ZipFile, name: str) -> int:
    with archive.open(name) as part:
        return len(SHEET.findall(part.read(BOOK_BYTES)))


def best_sheet(path: Path) -> str:
    """The sheet with the most known headings near its top; the first one when none has any."""
    try:
        with opened(path, data_only=True) as workbook:
            parts = {sheet._worksheet_path: sheet for sheet in reversed(workbook.worksheets)}
            found: dict[str, int] = {
                sheet.title: headings_in(sheet) for sheet in reversed(parts.values())
            }
    except (ImportRefused, MemoryError):
        raise
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
    keeping = kept.get()
    if keeping is None:
        return is_formula_in(path, sheet._worksheet_path)
    key = (path, sheet._worksheet_path)
    if key not in keeping.formulas:
        keeping.formulas[key] = is_formula_in(*key)
    return keeping.formulas[key]


def is_formula_in(path: Path, part: str) -> bool:
    """Whether any cell has one: a look at the raw XML, which is much faster than two readings."""
    with zipfile.ZipFile(path) as archive, archive.open(part) as xml:
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
