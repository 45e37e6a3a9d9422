"""An Excel workbook as records: the sheet with the candidates, row by row, formulas never run."""

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from pathlib import Path

from .columns import recognized
from .errors import ImportRefused
from .findings import Findings
from .xlsx_cells import SharedTexts, Styles, shared_texts, styles_of
from .xlsx_package import BROKEN, NO_WORKBOOK, OTHER_KINDS, Package, Sheet, opened
from .xlsx_sheets import Cells, Row, Survey, rows_of, survey_of

TOP = 50  # rows in which headings are looked for
COUNTED_BYTES = 8 * 1024**2  # of a sheet whose rows are counted one by one

__all__ = ["Found", "Workbook", "XlsxRecords", "kept_open", "sheets_of"]


class Workbook:
    """What its sheets have in common: its texts and styles, read once."""

    def __init__(self, package: Package) -> None:
        self.package = package
        part = package.workbook()
        if not part:
            kinds = (words for name, words in OTHER_KINDS.items() if name in package.entries)
            raise ImportRefused(next(kinds, NO_WORKBOOK))
        self.sheets, from_1904 = package.sheets(part)
        self.texts: SharedTexts = shared_texts(package, part)
        self.styles: Styles = styles_of(package, part, from_1904)
        self.surveys: dict[str, Survey] = {}

    def sheet(self, name: str) -> Sheet:
        for sheet in self.sheets:
            if sheet.name == name:
                return sheet
        raise ImportRefused(no_sheet(name, [sheet.name for sheet in self.sheets]))

    def survey(self, sheet: Sheet) -> Survey:
        if sheet.part not in self.surveys:
            self.surveys[sheet.part] = survey_of(self.package, sheet.part)
        return self.surveys[sheet.part]

    def rows(self, sheet: Sheet, findings: Findings) -> Iterator[tuple[Row, float]]:
        return rows_of(self.package, sheet.part, self.texts, self.styles, findings)


def no_sheet(name: str, sheets: list[str]) -> str:
    names = ", ".join(f"“{sheet}”" for sheet in sheets)
    return f"The workbook has no sheet “{name}”. Its sheets: {names or 'none with rows'}."


kept: ContextVar[tuple[ExitStack, dict[Path, Workbook]] | None] = ContextVar("kept", default=None)


@contextmanager
def kept_open() -> Iterator[None]:
    """Each workbook is opened once inside of this: its texts and styles may take seconds."""
    with ExitStack() as stack:
        token = kept.set((stack, {}))
        try:
            yield
        finally:
            kept.reset(token)


@contextmanager
def workbook_of(path: Path) -> Iterator[Workbook]:
    keeping = kept.get()
    if keeping is None:
        with opened(path) as package:
            yield Workbook(package)
        return
    stack, books = keeping
    if path not in books:
        books[path] = Workbook(stack.enter_context(opened(path)))
    yield books[path]


class XlsxRecords:
    """The rows of one sheet from its first, each a list of cells as text; hidden ones are blank."""

    def __init__(self, path: Path, sheet: str, with_hidden: bool = False) -> None:
        self.path, self.sheet, self.with_hidden = path, sheet, with_hidden
        self.findings = Findings()
        self.record = 0
        self.share = 0.0

    def fraction(self) -> float:
        return self.share

    def __iter__(self) -> Iterator[list[str]]:
        self.record, self.share, self.findings = 0, 0.0, Findings()
        with workbook_of(self.path) as book:
            sheet = book.sheet(self.sheet)
            merged = Merged(book.survey(sheet).merged)
            for row, share in book.rows(sheet, self.findings):
                self.share = share
                if not row.cells and not row.unfinished:
                    continue  # blank ones at the end are none at all
                while self.record < row.number - 1:
                    self.record += 1
                    yield []
                self.record = row.number
                yield self.cells_of(row, merged)

    def cells_of(self, row: Row, merged: "Merged") -> list[str]:
        if row.is_hidden and not self.with_hidden:
            self.findings.add("hidden_rows", row.number)
            self.findings.flaw(row.number, "hidden")
            return []
        if filled := merged.fill(row):
            self.findings.add("merged", row.number)
            row.cells |= filled
        if row.unfinished:
            self.findings.flaw(row.number, "unfinished_formula", row.unfinished)
        record = [""] * (max(row.cells, default=-1) + 1)
        for column, text in row.cells.items():
            record[column] = text
        return self.findings.shortened(record, row.number)


class Merged:
    """Cells that are merged with those below: what they say holds for each of the rows."""

    def __init__(self, ranges: dict[int, list[tuple[int, int]]]) -> None:
        self.ranges = {column: sorted(rows, reverse=True) for column, rows in ranges.items()}
        self.values: dict[int, str] = {}

    def fill(self, row: Row) -> Cells:
        """The values that the row has from the rows above."""
        found: Cells = {}
        for column, ranges in self.ranges.items():
            while ranges and ranges[-1][1] < row.number:
                ranges.pop()
            if not ranges or ranges[-1][0] > row.number:
                continue
            if ranges[-1][0] == row.number:
                self.values[column] = row.cells.get(column, "")
            elif column not in row.cells and self.values.get(column):
                found[column] = self.values[column]
        return found


@dataclass(frozen=True)
class Found:
    """A sheet that may be chosen."""

    name: str
    rows: int  # with something in them, below the headings where it has any
    is_hidden: bool
    hidden_rows: int
    known: int = field(compare=False, default=0)  # headings


def sheets_of(path: Path) -> list[Found]:
    """The sheets that have rows. Raises ImportRefused when there is none."""
    with workbook_of(path) as book:
        if not book.sheets:
            raise ImportRefused(BROKEN)
        looks: dict[str, Found | None] = {}
        for sheet in book.sheets:
            if sheet.part not in looks:
                looks[sheet.part] = look_at(book, sheet)
        looked = [(sheet, looks[sheet.part]) for sheet in book.sheets]
    found = [
        replace(look, name=sheet.name, is_hidden=sheet.is_hidden) for sheet, look in looked if look
    ]
    if not found:
        raise ImportRefused(
            "The workbook has no rows. Upload the workbook that contains the candidates."
        )
    return found


def look_at(book: Workbook, sheet: Sheet) -> Found | None:
    """How many rows it has, and whether one near the top has headings; none for a blank one."""
    filled = (row for row, _ in book.rows(sheet, Findings()) if row.cells or row.unfinished)
    top = list(islice(filled, TOP))
    if not top:
        return None
    known = [recognized(row.cells.values()) for row in top]
    header = known.index(max(known)) if max(known) > 1 else 0
    if book.package.size(sheet.part) > COUNTED_BYTES:
        survey = book.survey(sheet)
        rows, hidden = survey.rows, survey.hidden
    else:
        counted = Counter(row.is_hidden for row in chain(top, filled))
        rows, hidden = counted.total(), counted[True]
    return Found(sheet.name, max(0, rows - header - 1), sheet.is_hidden, hidden, max(known))


def best_of(sheets: list[Found]) -> Found:
    """The visible sheet with the most known headings; the first of equals."""
    return max(sheets, key=lambda sheet: (not sheet.is_hidden, sheet.known))
