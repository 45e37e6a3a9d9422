"""What addresses and forms bring, read in one way: numbers that a row can have, days of a calendar.

Everything that a browser sends is text that anybody can write. A number of 80 digits or the last
day of the calendar is no error of ours, so it is read as what it is: not a row's, not a day's.
"""

from datetime import UTC, date, datetime, time
from typing import Any

import django_filters
from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator

LONGEST_NUMBER = 18  # digits that PostgreSQL's bigint surely holds
# A day on either side of these is still a day in every time zone, in Python and in PostgreSQL.
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)


def number_in(text: Any, longest: int = LONGEST_NUMBER) -> int | None:
    """Read a whole number in ASCII digits; None when the text isn't one or is too long."""
    written = str(text) if isinstance(text, str | int) and not isinstance(text, bool) else ""
    is_number = written.isascii() and written.isdecimal() and len(written) <= longest
    return int(written) if is_number else None


class DayField(forms.DateField):
    """A day near enough for times to be reckoned from it. Shows the browser's own calendar."""

    def __init__(self, **options: Any) -> None:
        picker = {
            "type": "date",
            "min": FIRST_DAY.isoformat(),
            "max": LAST_DAY.isoformat(),
        }
        options.setdefault("widget", forms.DateInput(picker, format="%Y-%m-%d"))
        super().__init__(**options)
        self.validators += near(FIRST_DAY, LAST_DAY)


class DayFilter(django_filters.DateFilter):  # type: ignore[misc]  # it ships no types
    field_class = DayField


class MomentField(forms.DateTimeField):
    """A day and a time of day, near enough to be stored, read and shown in every time zone."""

    def __init__(self, **options: Any) -> None:
        picker = forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
        options.setdefault("widget", picker)
        super().__init__(**options)
        first, last = (datetime.combine(day, time(), UTC) for day in (FIRST_DAY, LAST_DAY))
        self.validators += near(first, last)


def near(first: Any, last: Any) -> list[Any]:
    too_far = f"Choose a day from {FIRST_DAY.year} to {LAST_DAY.year}."
    return [MinValueValidator(first, too_far), MaxValueValidator(last, too_far)]
