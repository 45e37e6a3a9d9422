"""A file becomes rows: what kind it is, where its headings are, and one record after the other."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Self

from .cleaning import email_in, is_blank
from .columns import recognized, unique
from .csv_files import DELIMITERS, ENCODINGS, CsvRecords, delimiter_of, encoding_of
from .errors import ImportRefused
from .xlsx_files import XlsxRecords, best_sheet, check_size

MOST_COLUMNS = 1000
HEADINGS_WITHIN = 50  # rows that may stand above the headings
SAMPLE_ROWS = 1000
SAMPLE_CELLS = 100_000
SAMPLE_CHARACTERS = 200  # of each cell

EXPORT = "Export the candidates as CSV or XLSX and upload that."
NOT_TABLES = {
    b"\x89PNG": f"This is a picture, not a table. {EXPORT}",
    b"\xff\xd8\xff": f"This is a picture, not a table. {EXPORT}",
    b"GIF8": f"This is a picture, not a table. {EXPORT}",
    b"%PDF": f"This is a PDF, not a table. {EXPORT}",
    b"{\\rtf": f"This is a text document, not a table. {EXPORT}",
    b"\x1f\x8b": "This file is packed (gzip). Unpack it and upload the CSV or XLSX inside.",
    b"\xd0\xcf\x11\xe0": "This is an old Excel file (.xls) or one with a password. Open it in "
    "Excel, save it as .xlsx without a password, and upload that.",
}
MARKUP = {
    b"<": f"This is a web page or XML, even if its name ends in .xls or .csv. {EXPORT}",
    b"{": f"This is JSON, not a table. {EXPORT}",
    b"[{": f"This is JSON, not a table. {EXPORT}",
}

Records = CsvRecords | XlsxRecords


@dataclass(frozen=True)
class Layout:
    """How a file is laid out. Kept with the import as JSON."""

    container: str  # "csv" or "xlsx"
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    header: int = 0  # records above the headings
    columns: list[str] = field(default_factory=list)

    @classmethod
    def from_json(cls, saved: dict[str, Any]) -> Self:
        return cls(**saved)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def __str__(self) -> str:
        above = f", {self.header} above the headings skipped" if self.header else ""
        if self.container == "xlsx":
            return f"Excel workbook, sheet “{self.sheet}”{above}"
        return f"CSV, {ENCODINGS[self.encoding]}, {DELIMITERS[self.delimiter]}{above}"


def look_at(path: Path) -> Layout:
    """How the file is laid out. Raises ImportRefused, with the reason, when it is no table."""
    if is_xlsx(path):
        layout = Layout("xlsx", sheet=best_sheet(path))
    else:
        encoding = encoding_of(path)
        layout = Layout("csv", encoding, delimiter_of(path, encoding))
    top = list(islice(within_limits(records_of(path, layout)), HEADINGS_WITHIN))
    header = header_in(top)
    columns = unique(without_empty_end(top[header]))
    found = Layout(**{**asdict(layout), "header": header, "columns": columns})
    if not any(not is_blank(row) for row in rows_of(path, found)):
        raise ImportRefused("The file has headings but no candidates under them.")
    return found


def is_xlsx(path: Path) -> bool:
    """Whether it is an Excel workbook; raises ImportRefused for all that can be no table."""
    with path.open("rb") as file:
        head = file.read(4096)
    if not head.strip(b"\0 \t\r\n\xef\xbb\xbf\xff\xfe"):
        raise ImportRefused(f"The file is empty. {EXPORT}")
    for magic, sentence in NOT_TABLES.items():
        if head.startswith(magic):
            raise ImportRefused(sentence)
    text = b"".join(head.removeprefix(b"\xef\xbb\xbf").split())
    for start, sentence in MARKUP.items():
        if text.startswith(start):
            raise ImportRefused(sentence)
    if not head.startswith(b"PK"):
        return False
    check_size(path)
    return True


def header_in(top: list[list[str]]) -> int:
    """The index of the record with the headings: the one with most known ones, or the first."""
    full = [index for index, record in enumerate(top) if sum(map(bool, map(str.strip, record))) > 1]
    if not full:
        raise ImportRefused(
            "The file is no table: it has one column only. "
            "It takes a name and an e-mail address or phone number for each candidate. "
            f"{EXPORT}"
        )
    known = {index: recognized(top[index]) for index in full}
    best = max(full, key=lambda index: known[index])  # of equals, the first
    header = best if known[best] > 1 else full[0]
    if any(email_in(cell) for cell in top[header]):
        raise ImportRefused(
            "The first row is a candidate already. Put a row of headings above it "
            "(Name, E-mail, Phone …) and upload the file again."
        )
    return header


def without_empty_end(record: list[str]) -> list[str]:
    width = len(record)
    while width and not record[width - 1].strip():
        width -= 1
    return record[:width]


def within_limits(records: Iterable[list[str]]) -> Iterator[list[str]]:
    """The same, without thousands of empty cells at a record's end. Raises ImportRefused."""
    for record in records:
        if len(record) > MOST_COLUMNS:
            record = without_empty_end(record)
        if len(record) > MOST_COLUMNS:
            raise ImportRefused(
                f"The file has {len(record):,} columns. Belay reads up to {MOST_COLUMNS:,}: "
                "remove those that you don't need."
            )
        yield record


def records_of(path: Path, layout: Layout) -> Records:
    if layout.container == "xlsx":
        return XlsxRecords(path, layout.sheet)
    return CsvRecords(path, layout.encoding, layout.delimiter)


def rows_of(path: Path, layout: Layout, records: Records | None = None) -> Iterator[list[str]]:
    """The data records: those under the headings, the first is number 1."""
    return islice(within_limits(records or records_of(path, layout)), layout.header + 1, None)


def sample_of(path: Path, layout: Layout) -> list[list[str]]:
    """The first rows that are not blank, each as wide as the headings, their cells cut."""
    width = len(layout.columns)
    most = min(SAMPLE_ROWS, SAMPLE_CELLS // width)
    filled = (row for row in rows_of(path, layout) if not is_blank(row))
    cut = ([cell[:SAMPLE_CHARACTERS] for cell in row[:width]] for row in islice(filled, most))
    return [row + [""] * (width - len(row)) for row in cut]
