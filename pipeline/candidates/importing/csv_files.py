"""A CSV file as records: encoding and delimiter found, read in a steady amount of memory."""

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from .columns import recognized
from .errors import ImportRefused

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}
ENCODINGS = {
    "utf-8-sig": "UTF-8",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
    "cp1252": "Windows-1252",
}
SAMPLE_BYTES = 128 * 1024
LINE_CHARACTERS = 4 * 1024 * 1024  # no table has a longer line


class CsvRecords:
    """The records of a CSV file from its first line, each a list of cells."""

    formulas = 0

    def __init__(self, path: Path, encoding: str, delimiter: str) -> None:
        self.path, self.encoding, self.delimiter = path, encoding, delimiter
        self.size = path.stat().st_size
        self.bytes_read = 0
        self.record = 0
        self.has_ended = False
        self.characters = 0  # of the record that is being read

    def fraction(self) -> float:
        return min(1.0, self.bytes_read / max(self.size, 1))

    def __iter__(self) -> Iterator[list[str]]:
        self.record, self.has_ended, self.characters = 0, False, 0
        # Windows-1252 leaves five bytes undefined; one of them is no reason to refuse a file.
        errors = "replace" if self.encoding == "cp1252" else "strict"
        with self.path.open("rb") as raw:
            file = io.TextIOWrapper(raw, encoding=self.encoding, errors=errors, newline="")
            try:
                for record in csv.reader(self.lines(file, raw), delimiter=self.delimiter):
                    self.record += 1
                    if self.has_ended:  # it went on over the file's end: inside quotes
                        raise ImportRefused(self.endless_quote())
                    self.characters = 0
                    yield record
            except csv.Error as error:
                raise ImportRefused(self.endless_quote()) from error
            except UnicodeDecodeError as error:
                raise ImportRefused(
                    f"The file is not {ENCODINGS[self.encoding]} from line to line. "
                    "Save it again as “CSV UTF-8” and upload that."
                ) from error

    def lines(self, file: io.TextIOWrapper, raw: io.BufferedReader) -> Iterator[str]:
        while line := file.readline(LINE_CHARACTERS):
            if "\0" in line:
                raise ImportRefused(
                    f"After record {self.record} the file holds zero bytes, so it is damaged or "
                    "no text. Export it again as CSV or XLSX."
                )
            self.characters += len(line)
            if self.characters >= LINE_CHARACTERS:
                raise ImportRefused(
                    f"The line after record {self.record} is longer than any table's. "
                    "Export the file again as CSV or XLSX."
                )
            self.bytes_read = raw.tell()
            yield line
        self.has_ended = True

    def endless_quote(self) -> str:
        return (
            f"After record {self.record} of the file a cell has more than 131,072 characters: "
            'most likely a quotation mark (") opens there and never closes. Correct that cell, '
            "or export the file again."
        )


def encoding_of(path: Path) -> str:
    """The encoding of the whole file. Raises ImportRefused for what is no text."""
    with path.open("rb") as file:
        head = file.read(SAMPLE_BYTES)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if b"\0" in head:
        return utf_16_of(head)
    controls = len(re.findall(rb"[\x01-\x08\x0e-\x1a\x1c-\x1f]", head))
    if controls > len(head) / 200:
        raise ImportRefused(
            "This file is no table of text. Export the candidates as CSV or XLSX and upload that."
        )
    return "utf-8-sig" if is_utf_8(path) else "cp1252"


def utf_16_of(head: bytes) -> str:
    """UTF-16 without its mark: of digits, line ends and delimiters every other byte is zero."""
    even, odd = head[::2].count(0), head[1::2].count(0)
    if max(even, odd) < len(head) / 40 or min(even, odd) > max(even, odd) / 20:
        raise ImportRefused(
            "The file holds zero bytes, so it is damaged or no text. "
            "Export it again as CSV or XLSX."
        )
    return "utf-16-le" if odd > even else "utf-16-be"


def is_utf_8(path: Path) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        try:
            while block := file.read(1024 * 1024):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


def delimiter_of(path: Path, encoding: str) -> str:
    """The delimiter that gives the most known headings, then the most even rows."""
    with path.open("rb") as file:
        sample = file.read(SAMPLE_BYTES).decode(encoding, errors="ignore")
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
