"""Dates and times as people and programs write them; what can't be read stays a text."""

import re
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache, lru_cache

from babel.dates import get_month_names

from pipeline.foundation.normal_forms import normalized

from .cleaning import text

MOMENT_CHARACTERS = 60
FIRST_YEAR, LAST_YEAR = 1900, 2999
LAST_OF_TWO_DIGITS = datetime(2068, 12, 31, tzinfo=UTC)
ZULU = re.compile(r"\s{0,9}\(?(UTC|GMT)\)?$")
NUMERIC = re.compile(
    r"(\d{1,2})[./-](\d{1,2})[./-](\d{4}|\d{2})"
    r"(?:,?[ T]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?\s*([ap])?\.?m?\.?)?",
    re.IGNORECASE,
)
YEAR_FIRST = re.compile(
    r"(\d{4})[./年년 ]\s?(\d{1,2})[./月월 ]\s?(\d{1,2})[日일]?"
    r"(?:[ T]+(\d{1,2}):(\d{2})(?::(\d{2}))?)?"
)
COMPACT = re.compile(r"(19\d\d|20\d\d)(\d\d)(\d\d)")
# A day, a month's name, a year, in the two orders that there are; a time may follow.
DAY_FIRST = re.compile(
    r"(\d{1,2})(?:st|nd|rd|th|\.|er|º|ª)?[\s-]+(?:de\s+|of\s+)?"
    r"([^\W\d_]+)\.?,?[\s-]+(?:de\s+)?'?(\d{4}|\d{2})\b(.*)",
    re.IGNORECASE,
)
MONTH_NAME_FIRST = re.compile(
    r"([^\W\d_]+)\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})\b(.*)", re.IGNORECASE
)
TIME_AFTER = re.compile(
    r",?\s*(?:at\s+)?(\d{1,2}):(\d{2})(?::(\d{2}))?\s*([ap])?\.?m?\.?", re.IGNORECASE
)
WEEKDAY = re.compile(r"^[^\W\d_]{2,12}\.?,\s+(?=\S)")
# Countries that write the month first.
MONTH_FIRST = ("US", "PH", "PR", "GU")

# A spreadsheet's days since the end of 1899, of 1955 to 2119; Unix seconds and milliseconds.
SERIAL = re.compile(r"([2-7]\d{4})(?:[.,](\d+))?")
SPREADSHEETS_BEGIN = datetime(1899, 12, 30)  # noqa: DTZ001  in_zone follows
UNIX = re.compile(r"(\d{9,10})(\d{3})?(?:\.0*)?")

# Whose month names are read. A name that is another month in another language is nobody's, unless
# it is an English one.
LANGUAGES = (
    "en", "fr", "de", "es", "it", "pt", "nl", "pl", "cs", "sk", "sv", "da", "nb", "fi", "hu", "ro",
    "tr", "ru", "uk", "bg", "hr", "sr", "sl", "el", "et", "lv", "lt", "ca", "id", "ms", "vi", "fil",
    "sq", "bs", "he", "ar", "fa", "hi",
)  # fmt: skip


@cache
def months() -> dict[str, int]:
    """The number of each month by its names, long and short, in LANGUAGES."""
    numbers: defaultdict[str, set[int]] = defaultdict(set)
    for language in reversed(LANGUAGES):  # English comes last, and wins
        for width in ("wide", "abbreviated"):
            for use in ("format", "stand-alone"):
                for number, name in get_month_names(width, use, language).items():
                    key = month_key(name)
                    numbers[key] = {number} if language == "en" else numbers[key] | {number}
    numbers["sept"] = {9}
    return {name: min(found) for name, found in numbers.items() if len(found) == 1}


def month_key(name: str) -> str:
    return normalized("NFC", name).casefold().strip(". ")


def is_day_first(cells: Sequence[str], region: str) -> bool:
    """Whether 3/4/2025 is in April: what the column's other dates leave open, the region says."""
    pairs = [(int(m[1]), int(m[2])) for cell in cells if (m := NUMERIC.fullmatch(cell.strip()))]
    if any(first > 12 for first, _ in pairs):
        return True
    return not any(second > 12 for _, second in pairs) and region not in MONTH_FIRST


@lru_cache(maxsize=10_000)
def moment(cell: str, day_first: bool, latest: datetime | None = None) -> datetime | None:
    """A date and time to the second, naive unless the cell tells its offset; None for none.

    A year of two digits is in this century if that is not after `latest` (UTC), by default 2068
    as POSIX has it; else in the last. What lies after `latest` is no moment, if there is one.
    """
    cell = normalized("NFKC", text(cell))
    if not cell or len(cell) > MOMENT_CHARACTERS:
        return None
    cell = ZULU.sub("Z", cell)
    century = Century(latest or LAST_OF_TWO_DIGITS)
    try:
        found = (
            iso(cell)
            or numeric(cell, day_first, century)
            or year_first(cell)
            or counted(cell)
            or worded(cell, century)
        )
    except (ValueError, OverflowError):
        return None
    if found is None or not FIRST_YEAR <= found.year <= LAST_YEAR:
        return None
    if latest and aware(found) > latest:
        return None
    return found.replace(microsecond=0)


class Century:
    """Which century a year of two digits is in."""

    def __init__(self, latest: datetime) -> None:
        self.latest = latest

    def date(self, year: str, month: int, day: int, clock: Sequence[int] = (0, 0, 0)) -> datetime:
        """`clock`: hour, minute, second. Raises ValueError where there is no such date."""
        hour, minute, second = clock
        if len(year) > 2:
            return datetime(int(year), month, day, hour, minute, second)  # noqa: DTZ001  in_zone
        found = datetime(2000 + int(year), month, day, hour, minute, second)  # noqa: DTZ001
        return found if aware(found) <= self.latest else found.replace(year=found.year - 100)


def aware(found: datetime) -> datetime:
    """Good enough to compare days: the zone of a naive one is a day away at most."""
    return found if found.tzinfo else found.replace(tzinfo=UTC) - timedelta(days=1)


def iso(cell: str) -> datetime | None:
    if not (cell[:4].isdigit() and "-" in cell):
        return None
    try:
        return datetime.fromisoformat(cell)
    except ValueError:
        return None


def numeric(cell: str, day_first: bool, century: Century) -> datetime | None:
    match = NUMERIC.fullmatch(cell)
    if not match:
        return None
    first, second = int(match[1]), int(match[2])
    day, month = (first, second) if day_first else (second, first)
    if month > 12:  # the column's order gives no date, the other may: 12/31/2025 among days first
        day, month = month, day
    return century.date(match[3], month, day, clock_of(*match.groups()[3:]))


def clock_of(
    hour: str | None, minute: str | None, second: str | None, half: str | None
) -> tuple[int, int, int]:
    clock = int(hour or 0)
    if half:
        clock = clock % 12 + (12 if half.lower() == "p" else 0)
    return clock, int(minute or 0), int(second or 0)


def year_first(cell: str) -> datetime | None:
    match = YEAR_FIRST.fullmatch(cell) or COMPACT.fullmatch(cell)
    if not match:
        return None
    return datetime(*(int(part) for part in match.groups() if part))  # type: ignore[arg-type]  # noqa: DTZ001


def counted(cell: str) -> datetime | None:
    """A number that a program has counted: days, seconds or milliseconds."""
    if match := SERIAL.fullmatch(cell):
        days = float(f"{match[1]}.{match[2] or 0}")
        return SPREADSHEETS_BEGIN + timedelta(seconds=round(days * 86400))
    if match := UNIX.fullmatch(cell):
        return datetime.fromtimestamp(int(match[1]), UTC)
    return None


def worded(cell: str, century: Century) -> datetime | None:
    cell = WEEKDAY.sub("", cell)
    if match := DAY_FIRST.fullmatch(cell):
        day, name, year, rest = match.groups()
    elif match := MONTH_NAME_FIRST.fullmatch(cell):
        name, day, year, rest = match.groups()
    else:
        return None
    month = months().get(month_key(name))
    time = TIME_AFTER.fullmatch(rest) if rest.strip() else None
    if month is None or (rest.strip() and not time):
        return None
    return century.date(year, month, int(day), clock_of(*time.groups()) if time else (0, 0, 0))


def in_zone(found: datetime, zone: tzinfo) -> datetime:
    """`found` as a point in time. At a change of clocks: the first of two; one that is skipped
    counts on from before the change."""
    return found if found.tzinfo else found.replace(tzinfo=zone)
