"""Numbers, cut texts, moments and durations as pages, messages and the audit say them."""

from datetime import datetime, timedelta, tzinfo

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import ngettext

from . import database_clock
from .counts import MOST, Number

CUT = "…"  # what a text that was too long ends in


def plural(number: int, one: str, many: str) -> str:
    """The word that goes with the number: plural(2, "is", "are") is "are"."""
    return ngettext(one, many, number)


def counted(number: int | Number, noun: str, nouns: str = "") -> str:
    """The number with its noun: "1 candidate", "2,500 candidates", "10,000+ candidates".

    `nouns` is the plural where it is not the noun with an s.
    """
    number = number if isinstance(number, Number) else Number(number, is_all=True)
    return (
        f"{number} {plural(number.value if number.is_exact else MOST, noun, nouns or f'{noun}s')}"
    )


def clipped(text: str, longest: int) -> str:
    """The text in at most `longest` characters; where it was longer, it ends in "…"."""
    return text if len(text) <= longest else f"{text[: longest - 1]}{CUT}"


def is_today(at: datetime, tz: tzinfo | None = None) -> bool:
    """By the database's clock, in `tz` or else in the current time zone."""
    return timezone.localdate(at, tz) == timezone.localdate(database_clock.now(), tz)


def clock(at: datetime, tz: tzinfo | None = None) -> str:
    """The time of day, with the date if it is not today: "10:32", "21 Nov 2026, 10:32"."""
    return date_format(timezone.localtime(at, tz), "H:i" if is_today(at, tz) else "j M Y, H:i")


def duration(span: timedelta) -> str:
    """How long something took, in seconds up to two minutes, minutes up to two hours, and hours."""
    seconds = round(span.total_seconds())
    if seconds < 120:
        return f"{seconds} s"
    return f"{seconds // 60} min" if seconds < 7200 else f"{seconds // 3600} h"


def age(since: datetime) -> str:
    """How long ago it was, in the largest unit: "< 1 min", "12 min", "5 h", "3 d"."""
    minutes = int((database_clock.now() - since).total_seconds()) // 60
    if minutes < 1:
        return "< 1 min"
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // (24 * 60)} d"


def roughly(left: timedelta) -> str:
    """An estimate as people say it: "less than a minute", "about 4 min", "about 2 h"."""
    minutes = left.total_seconds() / 60
    if minutes < 1:
        return "less than a minute"
    if minutes < 10:
        return f"about {round(minutes)} min"
    if minutes < 57.5:
        return f"about {round(minutes / 5) * 5} min"
    if minutes < 90:
        return "about 1 h"
    return f"about {round(minutes / 60)} h"
