"""CSV for people's spreadsheet programs: streamed, in UTF-8 they recognize, and never a formula."""

import csv
from collections.abc import Iterable, Iterator
from itertools import chain, islice

from .downloads import InPieces
from .formulas import formula_safe

ROWS_AT_ONCE = 500


def csv_lines(headings: Iterable[object], rows: Iterable[Iterable[object]]) -> Iterator[str]:
    """The file in pieces of some hundred rows, with the mark that tells Excel it is UTF-8."""
    line = csv.writer(_Echo(), quoting=csv.QUOTE_ALL)
    yield "\ufeff"
    lines = chain([headings], rows)
    while some := list(islice(lines, ROWS_AT_ONCE)):
        yield "".join(line.writerow([formula_safe(value) for value in row]) for row in some)


class CsvResponse(InPieces):
    """A download that never holds the whole file, under WSGI or ASGI.

    `rows` may be a generator over `queryset.iterator()`.
    """

    def __init__(
        self, name: str, headings: Iterable[object], rows: Iterable[Iterable[object]]
    ) -> None:
        super().__init__(csv_lines(headings, rows), content_type="text/csv; charset=utf-8")
        safe = "".join(c if c.isascii() and (c.isalnum() or c in " ._-") else "-" for c in name)
        self["Content-Disposition"] = f'attachment; filename="{safe}"'
        self["X-Content-Type-Options"] = "nosniff"


class _Echo:
    """What csv.writer writes to: it hands each line back."""

    def write(self, line: str) -> str:
        return line
