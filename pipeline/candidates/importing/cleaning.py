"""Cells become e-mails, phone numbers, names, labels and moments, or are found unusable."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime, tzinfo
from functools import lru_cache
from html import unescape

import phonenumbers
from django.core.exceptions import SuspiciousOperation
from django.utils.html import strip_tags

from pipeline.foundation.exports.formulas import FORMULA_SIGNS, without_guards
from pipeline.foundation.normal_forms import normalized

# Invisible characters that copying leaves behind. Joiners stay: Persian and Hindi need them.
INVISIBLE = re.compile("[\u00ad\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
EMAIL = re.compile(r"[^\s@<>()\[\],;:\"\\]+@(?:[^\W_](?:[\w-]*[^\W_])?\.)+[^\W\d_][\w-]+")
# Blanks are counted: what begins with "any number of them" looks from each of them to the last.
EXTENSION = re.compile(
    r"[\s,;]{0,9}(?:extension|ext|extn|x|#)[\s.:=]{0,9}\d{1,7}\s{0,9}$", re.IGNORECASE
)
UTC = re.compile(r"\s{0,9}\(?(UTC|GMT)\)?$")
SEVERAL = re.compile(r"[;,|\n]|\s/\s|\sor\s")
REPEATED_CHARACTERS = 1000  # a longer cell is no name that comes again
MOMENT_CHARACTERS = 60
MOST_TAGS = 2000  # of a note: what takes HTML apart takes longer for each the more there are
PHONE_CHARACTERS = 200


def is_blank(row: Iterable[str]) -> bool:
    return not any(cell.strip() for cell in row)


def is_formula(cell: str) -> bool:
    """Whether a spreadsheet program would evaluate it; a signed number is only a number."""
    cell = cell.lstrip(" ")
    if not cell or cell[0] not in (*FORMULA_SIGNS, "\t", "\r"):
        return False
    return not re.match(r"[+\-＋－][\s(]*\d", cell) and len(cell) > 1


def text(cell: str) -> str:
    """Without control and invisible characters, outer blanks, and the apostrophes of guards."""
    is_plain = cell.isascii() and cell.isprintable()  # most are, and this is the hottest line
    cell = (cell if is_plain else CONTROL.sub("", INVISIBLE.sub("", cell))).strip()
    if "'" in cell:
        cell = without_guards(cell).strip()
    return cell if is_plain else normalized("NFC", cell)


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


def emails_in(cell: str) -> list[str]:
    """The addresses in a cell, lower case. None when the cell holds anything that is not one."""
    found = []
    for part in re.split(r"[;,|\n]", INVISIBLE.sub("", text(cell)).lower()):
        part = part.strip().removeprefix("mailto:")
        if named := re.fullmatch(r"[^<>]*<([^<>]*)>", part):  # Ana Ríos <ana@example.com>
            part = named[1].strip()
        if 0 < len(part) <= 254 and EMAIL.fullmatch(part) and ".." not in part:
            found.append(part)
    return found


def email_in(cell: str) -> str:
    return next(iter(emails_in(cell)), "") if "@" in cell else ""


def phone_in(cell: str, region: str) -> str:
    """The first usable number in a cell as E.164, or nothing.

    `region` is the two-letter country of numbers without a country code; empty: they are unusable.
    """
    cell = text(cell)
    if len(cell) > PHONE_CHARACTERS:
        return ""
    whole = phone(cell, region) if cell else ""
    if whole or not SEVERAL.search(cell):
        return whole
    return next(filter(None, (phone(part, region) for part in SEVERAL.split(cell))), "")


@lru_cache(maxsize=100_000)
def phone(written: str, region: str) -> str:
    """E.164 of one number of 8 to 15 digits. Whether it was ever given to anybody is not asked."""
    written = EXTENSION.sub("", written.strip().lstrip("'").removeprefix("tel:"))
    if any(letter.isalpha() for letter in written):
        return ""
    written = normalized("NFKC", written).strip()
    is_international = written.startswith(("+", "00", "(+", "(00"))
    if is_international:
        written = written.replace("(0)", "")
    digits = "".join(str(unicodedata.digit(c)) for c in written if c.isdigit())
    if is_international:
        digits = digits.removeprefix("00")
    elif not region:
        return ""
    return e164(digits, "" if is_international else region)


def e164(digits: str, region: str) -> str:
    if not 5 <= len(digits) <= 17:
        return ""
    try:
        number = phonenumbers.parse(digits if region else f"+{digits}", region or None)
        full = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    except phonenumbers.NumberParseException:
        full = "" if region else f"+{digits}"  # a country code that nobody has, kept as written
    return full if 8 <= len(full) - 1 <= 15 else ""


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
    parts = cell.split(separator) if separator else [cell]
    return list(dict.fromkeys(filter(None, (name(part)[:60].strip() for part in parts))))


# --- moments ---------------------------------------------------------------------------------

NUMERIC = re.compile(
    r"(\d{1,2})[./-](\d{1,2})[./-](\d{4}|\d{2})"
    r"(?:,?[ T]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?\s*([ap])?\.?m?\.?)?",
    re.IGNORECASE,
)
WORDED = ("%b %d, %Y", "%B %d, %Y", "%d %b %Y", "%d %B %Y", "%d-%b-%Y", "%Y/%m/%d")
# Countries that write the month first.
MONTH_FIRST = ("US", "PH", "PR", "GU")


def is_day_first(cells: Sequence[str], region: str) -> bool:
    """Whether 3/4/2025 is in April: what the column's other dates leave open, the region says."""
    pairs = [(int(m[1]), int(m[2])) for cell in cells if (m := NUMERIC.fullmatch(cell.strip()))]
    if any(first > 12 for first, _ in pairs):
        return True
    return not any(second > 12 for _, second in pairs) and region not in MONTH_FIRST


def moment(cell: str, day_first: bool) -> datetime | None:
    """A date and time to the second, naive unless the cell tells its offset; None for none."""
    cell = text(cell)
    if len(cell) > MOMENT_CHARACTERS:
        return None
    cell = UTC.sub("Z", cell)
    try:
        found = datetime.fromisoformat(cell) if cell[:4].isdigit() and "-" in cell else None
    except ValueError:
        found = None
    found = found or numeric(cell, day_first) or worded(cell)
    if found is None or not 1900 <= found.year <= 2999:
        return None
    return found.replace(microsecond=0)


def numeric(cell: str, day_first: bool) -> datetime | None:
    match = NUMERIC.fullmatch(cell)
    if not match:
        return None
    first, second, year, hour, minute, second_ = (int(part or 0) for part in match.groups()[:6])
    day, month = (first, second) if day_first else (second, first)
    year += 2000 if year < 100 else 0
    if half := (match[7] or "").lower():
        hour = hour % 12 + (12 if half == "p" else 0)
    try:
        return datetime(year, month, day, hour, minute, second_)  # noqa: DTZ001  in_zone follows
    except ValueError:
        return None


def worded(cell: str) -> datetime | None:
    for form in WORDED:
        try:
            return datetime.strptime(cell, form)  # noqa: DTZ007  in_zone follows
        except ValueError:
            continue
    return None


def in_zone(found: datetime, zone: tzinfo) -> datetime:
    return found if found.tzinfo else found.replace(tzinfo=zone)
