"""A file becomes rows: what kind it is, where its headings are, and one record after the other."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any, Self

from .cleaning import is_blank
from .columns import recognized, unique
from .contacts import email_in
from .csv_files import DELIMITERS, CsvRecords, delimiter_of
from .encodings import ENCODINGS, encoding_of, looks_garbled
from .errors import ImportRefused
from .xlsx_files import XlsxRecords, best_of, no_sheet, sheets_of

MOST_COLUMNS = 1000
HEADINGS_WITHIN = 50  # rows that may stand above the headings
SAMPLE_ROWS = 1000
SAMPLE_CELLS = 100_000
SAMPLE_CHARACTERS = 200  # of each cell
EXAMPLES, EXAMPLE_CHARACTERS = 6, 60

EXPORT = "Export the candidates as CSV or XLSX and upload that."
NOT_TABLES = {
    b"\x89PNG": f"This is a picture, not a table. {EXPORT}",
    b"\xff\xd8\xff": f"This is a picture, not a table. {EXPORT}",
    b"GIF8": f"This is a picture, not a table. {EXPORT}",
    b"%PDF": f"This is a PDF, not a table. {EXPORT}",
    b"{\\rtf": f"This is a text document, not a table. {EXPORT}",
    b"\x1f\x8b": "This file is compressed (gzip). Unpack it and upload the CSV or XLSX inside.",
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
class Wanted:
    """What somebody chose instead of the guess. Empty: the guess."""

    encoding: str = ""
    sheet: str = ""
    with_hidden: bool = False  # rows that a filter hides


@dataclass(frozen=True)
class Layout:
    """How a file is laid out. Kept with the import as JSON."""

    container: str  # "csv" or "xlsx"
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    header: int = 0  # records above the headings
    columns: list[str] = field(default_factory=list)
    header_width: int = 0  # cells of the row of headings, blank ones at its end included
    is_sure: bool = True  # of the encoding
    is_garbled: bool = False  # some of the examples look so
    examples: list[str] = field(default_factory=list)  # cells that show whether it is right
    sheets: list[dict[str, Any]] = field(default_factory=list)  # all that have rows
    hidden_rows: int = 0  # of the sheet
    with_hidden: bool = False

    @classmethod
    def from_json(cls, saved: dict[str, Any]) -> Self:
        return cls(**saved)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def wanted(self) -> Wanted:
        return Wanted(self.encoding, self.sheet, self.with_hidden)

    def __str__(self) -> str:
        above = f", {self.header} above the headings skipped" if self.header else ""
        if self.container == "xlsx":
            return f"Excel workbook, sheet “{self.sheet}”{above}"
        encoding = ENCODINGS.get(self.encoding, self.encoding)
        return f"CSV, {encoding}, {DELIMITERS[self.delimiter]}{above}"


def look_at(path: Path, wanted: Wanted | None = None) -> Layout:
    """How the file is laid out. Raises ImportRefused, with the reason, when it is no table."""
    wanted = wanted or Wanted()
    telling = ""
    if is_xlsx(path):
        layout = layout_of_xlsx(path, wanted)
    else:
        layout, telling = layout_of_csv(path, wanted)
    top = list(islice(within_limits(records_of(path, layout)), HEADINGS_WITHIN))
    header = header_in(top)
    columns = unique(without_empty_end(top[header]))
    width = len(top[header])
    found = replace(layout, header=header, columns=columns, header_width=width)
    filled = [row for row in islice(rows_of(path, found), SAMPLE_ROWS) if not is_blank(row)]
    if not filled and all(map(is_blank, rows_of(path, found))):
        raise ImportRefused("The file has headings but no candidates under them.")
    cells = [cell for row in filled for cell in row]
    cells += [cell for line in telling.split("\n") for cell in line.split(layout.delimiter or ",")]
    examples = examples_in([*columns, *cells])
    return replace(found, examples=examples, is_garbled=any(map(looks_garbled, examples)))


def layout_of_csv(path: Path, wanted: Wanted) -> tuple[Layout, str]:
    """The layout, and lines with letters beyond ASCII."""
    guess = encoding_of(path, wanted.encoding)
    encoding = guess.encoding
    layout = Layout("csv", encoding, delimiter_of(path, encoding), is_sure=guess.is_sure)
    return layout, guess.sample.decode(encoding, "replace")


def layout_of_xlsx(path: Path, wanted: Wanted) -> Layout:
    sheets = sheets_of(path)
    named = [sheet for sheet in sheets if sheet.name == wanted.sheet]
    if wanted.sheet and not named:
        raise ImportRefused(no_sheet(wanted.sheet, [sheet.name for sheet in sheets]))
    sheet = named[0] if named else best_of(sheets)
    return Layout(
        "xlsx",
        sheet=sheet.name,
        sheets=[{"name": s.name, "rows": s.rows, "is_hidden": s.is_hidden} for s in sheets],
        hidden_rows=sheet.hidden_rows,
        with_hidden=wanted.with_hidden,
    )


def examples_in(cells: Iterable[str]) -> list[str]:
    """A few short cells with letters beyond ASCII, garbled ones first."""
    telling = (cell.strip(' "\r') for cell in cells if not cell.isascii())
    short = list(dict.fromkeys(cell for cell in telling if 0 < len(cell) <= EXAMPLE_CHARACTERS))
    short.sort(key=lambda cell: not looks_garbled(cell))
    return short[:EXAMPLES]


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
    return head.startswith(b"PK")


def header_in(top: list[list[str]]) -> int:
    """The index of the record with the headings: the one with most known ones, or the first."""
    full = [index for index, record in enumerate(top) if sum(map(bool, map(str.strip, record))) > 1]
    if not full:
        raise ImportRefused(
            f"The file is not a table: it has only one column. Each candidate needs a "
            f"name, and an e-mail address or phone number. {EXPORT}"
        )
    known = {index: recognized(top[index]) for index in full}
    best = max(full, key=lambda index: known[index])  # of equals, the first
    header = best if known[best] > 1 else full[0]
    if any(email_in(cell) for cell in top[header]):
        raise ImportRefused(
            "The first row is already a candidate. Add a row of headings above it "
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
                f"The file has {len(record):,} columns. Belay reads up to "
                f"{MOST_COLUMNS:,}: remove the columns you don't need."
            )
        yield record


def records_of(path: Path, layout: Layout) -> Records:
    if layout.container == "xlsx":
        return XlsxRecords(path, layout.sheet, layout.with_hidden)
    return CsvRecords(path, layout.encoding, layout.delimiter, len(layout.columns))


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
