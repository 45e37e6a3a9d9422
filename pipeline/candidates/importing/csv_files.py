"""A CSV file as records: delimiter found, damage mended, read in a steady amount of memory."""

import csv
import io
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from .columns import recognized
from .encodings import looks_garbled
from .errors import ImportRefused
from .findings import LONGEST_CELL, Findings

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}
SAMPLE_BYTES = 128 * 1024
LINE_CHARACTERS = 4 * 1024 * 1024  # no table has a longer line
RECORDS_JUDGED = 200  # of the first, for which columns hold addresses or numbers
LINES_JUDGED = 50  # of those that an open quotation mark has swallowed


class RecordTooLong(Exception):
    """The record goes on and on over many lines."""


class Lines:
    """The lines of a file; some can be given back. Bytes of zero are left out."""

    def __init__(self, file: io.TextIOWrapper, findings: Findings) -> None:
        self.file, self.findings = file, findings
        self.given_back: list[str] = []  # the next one is the last
        self.taken: list[str] = []  # for the record that is being read
        self.characters = 0  # of them
        self.record = 0
        self.has_ended = False

    def __iter__(self) -> "Lines":
        return self

    def __next__(self) -> str:
        line = self.given_back.pop() if self.given_back else self.fresh()
        self.characters += len(line)
        if self.characters >= LINE_CHARACTERS:
            self.taken.append(line)
            raise RecordTooLong
        self.taken.append(line)
        return line

    def fresh(self) -> str:
        line = self.file.readline(LINE_CHARACTERS)
        if not line:
            self.has_ended = True
            raise StopIteration
        if "\0" in line:
            self.findings.add("nuls", self.record + 1, line.count("\0"))
            line = line.replace("\0", "")
        return line

    def begin(self, record: int) -> None:
        """Take the lines of the next record."""
        self.record, self.characters = record, 0
        self.taken.clear()

    def give_back(self, lines: list[str]) -> None:
        self.given_back += reversed(lines)


class CsvRecords:
    """The records of a CSV file from its first line, each a list of cells."""

    def __init__(self, path: Path, encoding: str, delimiter: str, width: int = 0) -> None:
        self.path, self.encoding, self.delimiter = path, encoding, delimiter
        self.size = path.stat().st_size
        self.width = width  # of the table; while it is not known, of the last record
        self.is_width_known = width > 0
        self.findings = Findings()
        self.record = 0
        self.contacts: set[int] = set()  # columns that hold addresses or numbers
        self.raw: io.BufferedReader | None = None

    def fraction(self) -> float:
        at = self.raw.tell() if self.raw and not self.raw.closed else 0
        return min(1.0, at / max(self.size, 1))

    def __iter__(self) -> Iterator[list[str]]:
        csv.field_size_limit(LINE_CHARACTERS)
        self.record, self.findings, self.contacts = 0, Findings(), set()
        with self.path.open("rb") as self.raw:
            # One byte that is no letter says nothing of the others.
            file = io.TextIOWrapper(self.raw, self.encoding, errors="replace", newline="")
            lines = Lines(file, self.findings)
            while not lines.has_ended or lines.given_back:
                yield from self.records(lines)

    def records(self, lines: Lines) -> Iterator[list[str]]:
        """Up to one whose quotation mark never closes; the lines after it are given back."""
        reader = csv.reader(lines, delimiter=self.delimiter)
        lines.begin(self.record)
        try:
            for record in reader:
                if (len(lines.taken) > 1 or lines.has_ended) and self.is_open(lines):
                    break
                yield self.counted(record, lines)
                lines.begin(self.record)
            else:
                return
        except (csv.Error, RecordTooLong):
            if not self.is_open(lines):
                raise ImportRefused(
                    f"The line after record {self.record} is too long for a table. "
                    f"Export the file again as CSV or XLSX."
                )
        yield self.first_alone(lines)

    def counted(self, record: list[str], lines: Lines) -> list[str]:
        self.record += 1
        if not self.is_width_known:
            self.width = len(record)
        if self.record <= RECORDS_JUDGED:
            self.contacts |= {at for at, cell in enumerate(record) if is_contact(cell)}
        for line in lines.taken:
            if not line.isascii():
                self.look_for_damage(line)
        if lines.characters > LONGEST_CELL:
            return self.findings.shortened(record, self.record)
        return record

    def look_for_damage(self, line: str) -> None:
        if "\ufffd" in line:
            self.findings.add("unreadable", self.record)
        elif looks_garbled(line):
            self.findings.add("garbled", self.record)

    def is_open(self, lines: Lines) -> bool:
        """Whether these lines are a record and others, which its open quotation mark swallowed."""
        first, *others = lines.taken
        if not others:
            return lines.has_ended and not lines.given_back and self.is_open_at_end(first)
        return any(map(self.is_like_a_record, others[:LINES_JUDGED]))

    def is_open_at_end(self, line: str) -> bool:
        try:
            list(csv.reader([line], delimiter=self.delimiter, strict=True))
        except csv.Error as error:
            return "end of data" in str(error)
        return False

    def is_like_a_record(self, line: str) -> bool:
        """Whether it has as many cells as the table, and an address or number where others do."""
        if line.count(self.delimiter) < max(1, self.width - 1):
            return False
        cells = next(csv.reader([line], delimiter=self.delimiter), [])
        if len(cells) != self.width:  # a quotation mark may be open in this one, too
            cells = line.split(self.delimiter)
        if len(cells) != self.width:
            return False
        at = self.contacts or range(self.width)
        return any(is_contact(cells[column]) for column in at if column < self.width)

    def first_alone(self, lines: Lines) -> list[str]:
        """The record that its first line holds, as if the quotation mark closed there."""
        first, *others = lines.taken
        lines.give_back(others)
        lines.taken[1:] = []
        closed = first.rstrip("\r\n") + '"'
        record = next(csv.reader([closed], delimiter=self.delimiter), [])
        if len(record) != self.width:  # the mark stands there for no cell at all
            plain = csv.reader([first], delimiter=self.delimiter, quoting=csv.QUOTE_NONE)
            cells = [cell.strip('"') for cell in next(plain, [])]
            record = cells if len(cells) == self.width else record
        counted = self.counted(record, lines)
        self.findings.add("open_quotes", self.record)
        return counted


def is_contact(cell: str) -> bool:
    return "@" in cell or (len(cell) < 30 and sum(map(str.isdigit, cell)) > 6)


def delimiter_of(path: Path, encoding: str) -> str:
    """The delimiter that gives the most known headings, then the most even rows."""
    with path.open("rb") as file:
        sample = file.read(SAMPLE_BYTES).decode(encoding, errors="ignore").replace("\0", "")
    return max(DELIMITERS, key=lambda delimiter: merit(sample, delimiter))


def merit(sample: str, delimiter: str) -> tuple[int, float, int]:
    try:
        lines = io.StringIO(sample, newline="")
        records = [record for record in csv.reader(lines, delimiter=delimiter) if any(record)]
    except csv.Error:
        return (0, 0, 0)
    if not records:
        return (0, 0, 0)
    [(width, often)] = Counter(map(len, records)).most_common(1)
    evenness = often / len(records) if width > 1 else 0
    return (max(map(recognized, records[:50])), evenness, width)
