"""The rows of a sheet from its XML, a piece at a time: memory doesn't grow with them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from .errors import ImportRefused
from .findings import Findings
from .xlsx_cells import (
    CELL_CHARACTERS,
    ERRORS,
    SharedTexts,
    Styles,
    too_long,
    unescaped,
)
from .xlsx_package import BROKEN, CHUNK_BYTES, Package, fed, local, safe_parser

ROWS = 1_048_576  # Excel's own limits
COLUMNS = 16_384
MOST_MERGED = 20_000
MOST_KINDS = 1000  # of tags
TAIL_BYTES = 4 * 1024**2
ROW_TAG = re.compile(rb"<(?:\w+:)?row\b[^>]*>")
HIDDEN = re.compile(rb"\bhidden\s*=\s*[\"'](?:1|true)[\"']")
END = re.compile(rb"</(?:\w+:)?sheetData\s*>")
MERGED = re.compile(rb"<(?:\w+:)?mergeCell\b[^>]*?\bref\s*=\s*[\"']\$?([A-Z]{1,3})\$?(\d+):"
                    rb"\$?[A-Z]{1,3}\$?(\d+)[\"']")  # fmt: skip

Cells = dict[int, str]


@dataclass
class Survey:
    """What is known of a sheet before its rows are read: merged cells come after them."""

    rows: int = 0
    hidden: int = 0
    merged: dict[int, list[tuple[int, int]]] = field(default_factory=dict)  # {column: rows}


def survey_of(package: Package, part: str) -> Survey:
    found = Survey()
    before = b""
    tail: bytes | None = None
    with package.open(part) as file:
        while block := file.read(CHUNK_BYTES * 16):
            if tail is not None:
                tail = (tail + block)[:TAIL_BYTES]
                continue
            block = before + block
            tags = ROW_TAG.findall(block)
            found.rows += len(tags)
            found.hidden += sum(b"hidden" in tag and bool(HIDDEN.search(tag)) for tag in tags)
            if end := END.search(block):
                tail = block[end.end() :]
            cut = block.rfind(b"<")
            before = block[cut:] if cut >= 0 and len(block) - cut < 4096 else b""
            if ROW_TAG.match(before):
                before = b""
    add_merged(found, tail or b"")
    return found


def add_merged(found: Survey, tail: bytes) -> None:
    for number, (column, first, last) in enumerate(MERGED.findall(tail)):
        if number > MOST_MERGED:
            break
        if int(last) > int(first):
            rows = found.merged.setdefault(index_of(column.decode()), [])
            rows.append((int(first), int(last)))


def index_of(letters: str) -> int:
    """0 for A."""
    index = 0
    for letter in letters:
        index = index * 26 + ord(letter) - 64
    return index - 1


@dataclass(slots=True)
class Row:
    number: int
    is_hidden: bool
    cells: Cells = field(default_factory=dict)
    unfinished: list[int] = field(default_factory=list)  # columns of formulas without a result


class SheetReader:
    """What expat calls for a sheet's tags; complete rows are in `rows`."""

    def __init__(self, texts: SharedTexts, styles: Styles, findings: Findings) -> None:
        self.texts, self.styles, self.findings = texts, styles, findings
        self.rows: list[Row] = []
        self.row: Row | None = None
        self.last_row = 0
        self.column = -1
        self.kinds: dict[str, str] = {}
        self.columns: dict[str, int] = {}
        self.type = self.style = ""
        self.pieces: list[str] = []
        self.length = self.phonetic = 0
        self.has_formula = self.has_value = False
        self.parser = safe_parser()
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        kind = self.kinds.get(tag)
        if kind is None:
            kind = self.new_kind(tag)
        if kind == "c":
            self.start_cell(attributes)
        elif kind == "v" or (kind == "t" and not self.phonetic):
            self.has_value = True
            self.parser.CharacterDataHandler = self.text
        elif kind == "row":
            self.start_row(attributes)
        elif kind == "f":
            self.has_formula = True
        elif kind == "rPh":
            self.phonetic += 1

    def new_kind(self, tag: str) -> str:
        if len(self.kinds) > MOST_KINDS:
            raise ImportRefused(BROKEN)
        return self.kinds.setdefault(tag, local(tag)[:40])

    def end(self, tag: str) -> None:
        kind = self.kinds.get(tag)
        if kind in ("v", "t"):
            self.parser.CharacterDataHandler = None
        elif kind == "c":
            self.end_cell()
        elif kind == "row" and self.row:
            self.rows.append(self.row)
            self.row = None
        elif kind == "rPh":
            self.phonetic -= 1

    def start_row(self, attributes: dict[str, str]) -> None:
        written = attributes.get("r", "")
        number = int(written) if written.isdecimal() and len(written) < 9 else self.last_row + 1
        self.last_row = number = max(number, self.last_row + 1)
        if number > ROWS or self.row:  # Excel's limit; a row in a row
            raise ImportRefused(BROKEN)
        self.row = Row(number, attributes.get("hidden", "0") in ("1", "true"))
        self.column = -1

    def start_cell(self, attributes: dict[str, str]) -> None:
        self.type, self.style = attributes.get("t", "n"), attributes.get("s", "")
        self.pieces.clear()
        self.length, self.has_formula, self.has_value = 0, False, False
        letters = attributes.get("r", "").rstrip("0123456789")
        self.column = self.column_of(letters) if letters else self.column + 1
        if self.column >= COLUMNS:
            raise ImportRefused(
                f"Row {self.last_row} has more than {COLUMNS:,} columns, which is Excel's limit. "
                "Copy the candidates alone to a new sheet, and upload that."
            )

    def column_of(self, letters: str) -> int:
        if letters not in self.columns:
            if not re.fullmatch("[A-Za-z]{1,3}", letters) or len(self.columns) > COLUMNS:
                raise ImportRefused(BROKEN)
            self.columns[letters] = index_of(letters.upper())
        return self.columns[letters]

    def text(self, data: str) -> None:
        self.length += len(data)
        if self.length > CELL_CHARACTERS:
            raise ImportRefused(too_long(f"A cell in row {self.last_row}"))
        self.pieces.append(data)

    def end_cell(self) -> None:
        if self.row is None or not (self.has_value or self.has_formula):
            return
        if value := self.value():
            self.row.cells[self.column] = value
        elif self.has_formula and self.type != "e" and not self.is_empty_text():
            self.row.unfinished.append(self.column)

    def is_empty_text(self) -> bool:
        """A formula's result may be that there is nothing to see."""
        return self.type == "str" and self.has_value

    def value(self) -> str:
        written = "".join(self.pieces)
        if self.type == "s":
            number = written.strip()
            found = self.texts[int(number)] if number.isdecimal() else ""
        elif self.type in ("str", "inlineStr"):
            found = unescaped(written)
        elif self.type == "b":
            return {"1": "TRUE", "0": "FALSE"}.get(written.strip(), written)
        elif self.type == "d":
            return written.removesuffix("T00:00:00")
        elif self.type == "e":
            found = written if written in ERRORS else "#N/A"
        else:
            number = written.strip()
            return self.styles.shown(number, self.style) if number else ""
        if found[:1] == "#" and found in ERRORS:
            self.findings.add("errors", self.last_row)
            return ""
        return found


def rows_of(
    package: Package, part: str, texts: SharedTexts, styles: Styles, findings: Findings
) -> Iterator[tuple[Row, float]]:
    """The rows that are there, each with the share of the sheet that has been read."""
    reader = SheetReader(texts, styles, findings)
    size = max(1, package.size(part))
    with package.open(part) as file:
        try:
            for given in fed(reader.parser, file):
                for row in reader.rows:
                    yield row, min(1.0, given / size)
                reader.rows.clear()
        except expat.ExpatError as error:
            raise ImportRefused(BROKEN) from error
