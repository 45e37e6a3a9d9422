"""The parts of a workbook: found as Excel finds them, by what they are and not by their names."""

import posixpath
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import unquote
from xml.parsers import expat

from .errors import ImportRefused

UNPACKED_BYTES = 2 * 1024**3  # a larger one is a zip bomb, or no list of candidates
BOMB_BYTES, BOMB_RATIO = 100 * 1024**2, 250  # text of tables packs to a tenth
SMALL_PART_BYTES = 64 * 1024**2  # of those that are read whole: the list of sheets, the styles
TOKEN_BYTES = 1024**2  # of one tag with its attributes
CHUNK_BYTES = 64 * 1024
MOST_SHEETS = 20

BROKEN = (
    "This Excel file can't be read: it is damaged or not what its name says. "
    "Open it in Excel, save it again as .xlsx or CSV, and upload that."
)
TOO_LARGE = (
    "This Excel file unpacks to more than Belay reads. "
    "Save it as CSV, or split it into smaller files."
)
OTHER_KINDS = {
    "xl/workbook.bin": "This is a binary Excel workbook (.xlsb). "
    "Open it in Excel, save it as .xlsx, and upload that.",
    "content.xml": "This is an OpenDocument file. "
    "Open it, save it as .xlsx or CSV, and upload that.",
}
NO_WORKBOOK = (
    "This is a Word document, an archive or another packed file, not an Excel workbook. "
    "Save the candidates as .xlsx or CSV and upload that."
)
DAMAGE = (
    zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, OSError, ValueError,
    EOFError, expat.ExpatError, UnicodeError,
)  # fmt: skip

Start = Callable[[str, dict[str, str]], None]


@dataclass(frozen=True)
class Sheet:
    name: str
    part: str
    is_hidden: bool


class Package:
    """A workbook's parts by their names in lower case, with slashes."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive
        self.entries = {plain(entry.orig_filename): entry for entry in archive.infolist()}

    def size(self, part: str) -> int:
        entry = self.entries.get(part)
        return entry.file_size if entry else 0

    @contextmanager
    def open(self, part: str) -> Iterator[IO[bytes]]:
        with self.archive.open(self.entries[part]) as file:
            yield file

    def links(self, part: str) -> list[tuple[str, str, str]]:
        """(id, kind, part) of each relationship of a part; of the whole package for an empty."""
        folder, name = posixpath.split(part)
        found: list[tuple[str, str, str]] = []

        def start(tag: str, attributes: dict[str, str]) -> None:
            if local(tag) == "Relationship":
                target = unquote(attributes.get("Target", "")).replace("\\", "/")
                kind = attributes.get("Type", "").rpartition("/")[2]
                whole = plain(posixpath.normpath(posixpath.join("/", folder, target)))
                found.append((attributes.get("Id", ""), kind, whole))

        self.parse(posixpath.join(folder, "_rels", f"{name}.rels"), start)
        return found

    def linked(self, part: str, kind: str, otherwise: str) -> str:
        """The part of a kind that another names, else one that is called so; empty for none."""
        for _, its_kind, target in self.links(part):
            if its_kind == kind and target in self.entries:
                return target
        return next((name for name in self.entries if re.search(otherwise, name)), "")

    def workbook(self) -> str:
        found = self.linked("", "officeDocument", r"^xl/workbook\d*\.xml$")
        if found.startswith(("word/", "ppt/")):
            found = ""
        return found

    def parse(self, part: str, start: Start) -> None:
        """Call `start` for each tag of a part; nothing when there is none."""
        if part not in self.entries:
            return
        if self.size(part) > SMALL_PART_BYTES:
            raise ImportRefused(TOO_LARGE)
        parser = safe_parser()
        parser.StartElementHandler = start
        with self.open(part) as file:
            for _ in fed(parser, file):
                pass

    def sheets(self, workbook: str) -> tuple[list[Sheet], bool]:
        """The sheets with cells, and whether dates are counted from 1904."""
        parts = {id_: target for id_, kind, target in self.links(workbook) if kind == "worksheet"}
        found: list[Sheet] = []
        from_1904, number = False, 0

        def start(tag: str, attributes: dict[str, str]) -> None:
            nonlocal from_1904, number
            if local(tag) == "workbookPr":
                from_1904 = attributes.get("date1904", "") in ("1", "true", "on")
            if local(tag) != "sheet":
                return
            number += 1
            ids = [value for key, value in attributes.items() if local(key) == "id"]
            usual = posixpath.join(posixpath.dirname(workbook), f"worksheets/sheet{number}.xml")
            part = next((parts[id_] for id_ in ids if id_ in parts), "" if parts else usual)
            if part in self.entries:
                is_hidden = attributes.get("state", "visible") != "visible"
                found.append(Sheet(attributes.get("name", ""), part, is_hidden))
            if len(found) > MOST_SHEETS:
                raise ImportRefused(
                    f"The workbook has more than {MOST_SHEETS} sheets. Copy the one with the "
                    "candidates to a workbook of its own, and upload that."
                )

        self.parse(workbook, start)
        return found, from_1904


@contextmanager
def opened(path: Path) -> Iterator[Package]:
    """The workbook's parts. Raises ImportRefused for a file that is none, or unpacks too large."""
    try:
        with zipfile.ZipFile(path) as archive:
            package = Package(archive)
            check_size(package, path.stat().st_size)
            yield package
    except DAMAGE as error:
        raise ImportRefused(BROKEN) from error


def check_size(package: Package, packed: int) -> None:
    unpacked = sum(entry.file_size for entry in package.entries.values())
    is_bomb = unpacked > BOMB_BYTES and unpacked > BOMB_RATIO * packed
    if unpacked > UNPACKED_BYTES or is_bomb:
        raise ImportRefused(TOO_LARGE)


def unpacked_size(path: Path) -> int:
    """The bytes of its parts; of a file that is no workbook, its own."""
    try:
        with zipfile.ZipFile(path) as archive:
            return sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError):
        return path.stat().st_size


def plain(name: str) -> str:
    return name.replace("\\", "/").lstrip("/").lower()


def local(tag: str) -> str:
    """Without the prefix of its namespace."""
    return tag.rpartition(":")[2]


def safe_parser() -> expat.XMLParserType:
    """One that refuses a document type: no workbook has it, and entities grow without end."""
    parser = expat.ParserCreate()
    parser.buffer_text = True

    def refuse(*_: object) -> None:
        raise ImportRefused(BROKEN)

    parser.StartDoctypeDeclHandler = refuse
    return parser


def fed(parser: expat.XMLParserType, file: IO[bytes]) -> Iterator[int]:
    """Give the parser a part, piece by piece; yields the bytes that it has been given."""
    given = 0
    while chunk := file.read(CHUNK_BYTES):
        parser.Parse(chunk, False)
        given += len(chunk)
        if given - max(parser.CurrentByteIndex, 0) > TOKEN_BYTES:
            raise ImportRefused(BROKEN)  # a tag without end, which is looked at from its start
        yield given
    parser.Parse(b"", True)
    yield given
