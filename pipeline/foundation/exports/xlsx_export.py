"""XLSX for people's spreadsheet programs: whatever is text stays text, and memory stays flat.

XlsxWriter makes the workbook, with its styles and its headings. The rows below are written here,
in the form that it gives them, too, when it keeps memory constant: with a million of them it keeps
a worker busy for minutes, and this takes a fraction of that.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from html import escape
from io import BytesIO
from itertools import islice, repeat
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

from django.utils.translation import gettext as _
from xlsxwriter import Workbook
from xlsxwriter.utility import xl_col_to_name

MOST_ROWS = 1_048_575  # that a sheet has below its headings
MOST_COLUMNS = 16_384
MOST_BYTES = 2**31 - 1  # of a sheet, in a zip file that every program reads
MOST_CHARACTERS = 32_767  # of a cell
MOST_DIGITS = 15  # that a spreadsheet program keeps of a number
SHEET = "xl/worksheets/sheet1.xml"
ROWS_AT_ONCE = 500
ZERO = datetime(1899, 12, 30)  # noqa: DTZ001  # a spreadsheet's times know no zone
FIRST_YEAR = 1901  # before that, programs do not agree on what day it was

# Not in XML, as Excel writes them; and what could be taken for that.
UNWRITABLE = re.compile(r"[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")


class TooLarge(ValueError):
    """No XLSX file can hold it."""


def write_xlsx(
    path: Path, sheet: str, headings: Sequence[str], rows: Iterable[Iterable[object]]
) -> None:
    """Write one sheet. Numbers and dates stay what they are; no text becomes a formula or a link.

    Raises TooLarge when there are more rows, columns or bytes than the format knows.
    """
    if len(headings) > MOST_COLUMNS:
        raise TooLarge(
            f"The file would have {len(headings):,} columns; XLSX allows {MOST_COLUMNS:,}."
        )
    with ZipFile(workbook_of(sheet, headings)) as source, ZipFile(path, "w", ZIP_DEFLATED) as made:
        for part in source.infolist():
            if part.filename != SHEET:
                made.writestr(part, source.read(part))
                continue
            above, date_style, below = AROUND_ROWS.split(source.read(part).decode())
            letters = [xl_col_to_name(column) for column in range(len(headings))]
            with made.open(SHEET, "w") as out:
                out.write(above.encode())
                for piece in pieces(rows, letters, date_style):
                    out.write(piece)
                out.write(below.encode())


def workbook_of(sheet: str, headings: Sequence[str]) -> BytesIO:
    """A workbook with its headings, and below them one date: the rows come in its place."""
    file = BytesIO()
    book = Workbook(file, {"in_memory": True})
    page = book.add_worksheet(sheet)
    page.freeze_panes(1, 0)
    bold = book.add_format({"bold": True})
    for column, heading in enumerate(headings):
        page.write_string(0, column, heading[:MOST_CHARACTERS], bold)
    page.write_datetime(1, 0, ZERO.replace(year=2000), book.add_format({"num_format": DATE}))
    book.close()
    file.seek(0)
    return file


def pieces(
    rows: Iterable[Iterable[object]], letters: Sequence[str], date_style: str
) -> Iterator[bytes]:
    """The rows as XML, some at a time. Raises TooLarge."""
    numbered = enumerate(rows, start=2)
    size = 0
    while some := list(islice(numbered, ROWS_AT_ONCE)):
        if some[-1][0] > MOST_ROWS + 1:
            raise TooLarge(
                f"The file would have more than {MOST_ROWS:,} rows, the most that XLSX allows."
            )
        xml = []
        for number, row in some:
            cells = map(cell, row, letters, repeat(number), repeat(date_style))
            xml.append(f'<row r="{number}">{"".join(cells)}</row>')
        piece = "".join(xml).encode()
        size += len(piece)
        if size > MOST_BYTES:
            raise TooLarge(_("The file would be larger than 2 GB, the most that XLSX allows."))
        yield piece


def cell(value: object, letter: str, number: int, date_style: str) -> str:
    """By its type: a text is never looked into for a formula or a link."""
    if value is None or value == "":
        return ""
    place = f'<c r="{letter}{number}"'
    if isinstance(value, datetime) and value.year >= FIRST_YEAR:
        days = (value - ZERO).total_seconds() / 86400
        return f'{place} s="{date_style}"><v>{days:.16G}</v></c>'
    if is_number(value):
        return f"{place}><v>{value!r}</v></c>"
    text = UNWRITABLE.sub(written_out, escape(str(value)[:MOST_CHARACTERS], quote=False))
    space = ' xml:space="preserve"' if text != text.strip() else ""
    return f'{place} t="inlineStr"><is><t{space}>{text}</t></is></c>'


def written_out(unwritable: re.Match[str]) -> str:
    return f"_x{ord(unwritable[0]):04X}_"


def is_number(value: object) -> bool:
    """Whether a spreadsheet program would keep it whole; it rounds a long one, as ids can be."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return bool(abs(value) < 10**MOST_DIGITS)


DATE = "yyyy-mm-dd hh:mm:ss"
# Keeps how the one date is styled.
AROUND_ROWS = re.compile(r'<row r="2".*? s="(\d+)".*?</row>')
