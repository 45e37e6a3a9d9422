"""Cells become names, labels and notes, without what can't be seen."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from functools import lru_cache
from html import unescape

from django.core.exceptions import SuspiciousOperation
from django.utils.html import strip_tags

from pipeline.foundation.exports.formulas import FORMULA_SIGNS, without_guards
from pipeline.foundation.names import visible
from pipeline.foundation.normal_forms import normalized

REPEATED_CHARACTERS = 1000  # a longer cell is no name that comes again
MOST_TAGS = 2000  # of a note: what takes HTML apart takes longer for each the more there are


def is_blank(row: Iterable[str]) -> bool:
    return not any(cell.strip() for cell in row)


def is_formula(cell: str) -> bool:
    """Whether a spreadsheet program would evaluate it; a signed number is only a number."""
    cell = cell.lstrip(" ")
    if not cell or cell[0] not in (*FORMULA_SIGNS, "\t", "\r"):
        return False
    return not re.match(r"[+\-＋－][\s(]*\d", cell) and len(cell) > 1


def text(cell: str) -> str:
    """What can be seen of a cell, without the apostrophes of guards."""
    cell = visible(cell)
    return visible(without_guards(cell)) if "'" in cell else cell


def name(cell: str) -> str:
    """On one line, with single blanks."""
    return short_name(cell) if len(cell) <= REPEATED_CHARACTERS else one_line(cell)


def one_line(cell: str) -> str:
    return re.sub(r"\s+", " ", text(cell))


short_name = lru_cache(maxsize=4096)(one_line)  # stages, sources and labels come again and again


def notes(cell: str) -> str:
    """Plain text; Odoo's are HTML."""
    cell = text(cell)
    is_html = re.match(r"<(p|div|br|span|ul|ol|table|h\d)\b", cell, re.IGNORECASE)
    if is_html and cell.count("<") <= MOST_TAGS:
        # Django's, of tags without an end, and Python's, of &#999…; as they are, they stay.
        with suppress(SuspiciousOperation, ValueError):
            lines = re.sub(r"(?i)<br\s{0,9}/?>|</(p|div|li|tr)>", "\n", cell)
            cell = unescape(strip_tags(lines)).strip()
    return cell


@lru_cache(maxsize=1024)
def name_key(full_name: str) -> str:
    """What agrees for two spellings of one name: case, accents and order of words don't count."""
    letters = normalized("NFKD", full_name).casefold()
    letters = re.sub(r"['’`´ʼ.]", "", letters)
    kept = (c if c.isalnum() else " " for c in letters if not unicodedata.combining(c))
    # Put together again: Korean syllables must not stay in pieces, their first is an initial.
    return " ".join(sorted(normalized("NFC", "".join(kept)).split()))


def separator_of(cells: Iterable[str]) -> str:
    """What stands between the labels in a column's cells; empty when each cell is one label."""
    found = Counter(sign for cell in cells for sign in ";|\n," if sign in cell)
    return next((sign for sign in ";|\n," if found[sign]), "")


def labels_in(cell: str, separator: str) -> list[str]:
    """The labels in a cell, each once. Google's stand between " ::: ", some after an asterisk."""
    groups = cell.split(" ::: ")
    parts = (
        part for group in groups for part in (group.split(separator) if separator else [group])
    )
    return list(dict.fromkeys(filter(None, (name(part).removeprefix("* ") for part in parts))))
