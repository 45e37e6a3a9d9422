"""XLSX for people's spreadsheet programs: whatever is text stays text, and memory stays flat."""

from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import TypeGuard

from xlsxwriter import Workbook
from xlsxwriter.exceptions import FileSizeError

MOST_ROWS = 1_048_575  # that a sheet has below its headings
MOST_COLUMNS = 16_384
MOST_DIGITS = 15  # that a spreadsheet program keeps of a number
FIRST_YEAR = 1900  # that it knows


class TooLarge(ValueError):
    """No XLSX file can hold it."""


def write_xlsx(
    path: Path, sheet: str, headings: Sequence[str], rows: Iterable[Iterable[object]]
) -> None:
    """Write one sheet. Numbers and dates stay what they are; no text becomes a formula or a link.

    Raises TooLarge when there are more rows, columns or bytes than the format knows.
    """
    if len(headings) > MOST_COLUMNS:
        raise TooLarge(f"It would have {len(headings):,} columns; XLSX knows {MOST_COLUMNS:,}.")
    # Constant memory: a row is in a file before the next one begins. That file lies beside `path`,
    # to go with its folder when the rows end early.
    options = {"constant_memory": True, "tmpdir": str(path.parent), "default_date_format": DATE}
    book = Workbook(str(path), options)
    page = book.add_worksheet(sheet)
    page.freeze_panes(1, 0)
    bold = book.add_format({"bold": True})
    for column, heading in enumerate(headings):
        page.write_string(0, column, heading, bold)
    for number, row in enumerate(rows, start=1):
        if number > MOST_ROWS:
            raise TooLarge(f"It would have more than {MOST_ROWS:,} rows, the most XLSX knows.")
        for column, value in enumerate(row):
            # By type, never by Worksheet.write, which looks into texts for formulas and links.
            if isinstance(value, str):
                if value:
                    page.write_string(number, column, value)
            elif is_number(value):
                page.write_number(number, column, value)
            elif isinstance(value, date) and value.year >= FIRST_YEAR:
                page.write_datetime(number, column, value)
            elif value is not None:
                page.write_string(number, column, str(value))
    try:
        book.close()
    except FileSizeError:
        raise TooLarge("It would have more than 4 GB, the most XLSX knows.") from None


def is_number(value: object) -> TypeGuard[float]:
    """Whether a spreadsheet program would keep it whole; it rounds a long one, as ids can be."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return bool(abs(value) < 10**MOST_DIGITS)


DATE = "yyyy-mm-dd hh:mm:ss"
