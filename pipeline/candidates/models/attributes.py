"""How much a candidate's attributes may hold: lists, exports and imports read many at once."""

from collections.abc import Mapping
from typing import Any

MOST = 100  # of one candidate
LONGEST = 32_767  # characters of one value: what a cell of a spreadsheet holds
LARGEST = 100_000  # characters of all names and values of one candidate together
MOST_OTHERS = 20  # further e-mail addresses of one candidate; of phone numbers as many

TOO_MANY = f"A candidate can have up to {MOST:,} attributes."
TOO_LONG = f"An attribute can have up to {LONGEST:,} characters."
TOO_LARGE = f"A candidate's attributes can have up to {LARGEST:,} characters in total."


def why_too_much(attributes: Mapping[str, Any], before: Mapping[str, Any] | None = None) -> str:
    """Which limit these are over, as a sentence; empty where they are within all.

    What is beyond a limit in `before`, of somebody known from before there was one, may stay,
    change and grow smaller.
    """
    before = before or {}
    if len(attributes) > max(MOST, len(before)):
        return TOO_MANY
    if any(
        length(value) > max(LONGEST, length(before.get(name, "")))
        for name, value in attributes.items()
    ):
        return TOO_LONG
    return TOO_LARGE if size(attributes) > max(LARGEST, size(before)) else ""


def length(value: Any) -> int:
    return len(value if isinstance(value, str) else str(value))


def size(attributes: Mapping[str, Any]) -> int:
    return sum(map(len, attributes)) + sum(map(length, attributes.values()))


# The same over SQL that is a candidate's attributes: how many, and their characters as JSON has
# them, quotation marks and all; so a little sooner than `why_too_much` says it.
_NUMBER = (
    "CASE jsonb_typeof({0}) WHEN 'object' THEN (SELECT count(*) FROM jsonb_object_keys({0}))"
    " ELSE 0 END"
)
_SIZE = "coalesce(char_length({0}::text), 0)"


def too_many_sql(attributes: str, before: str) -> str:
    """SQL that is true where these would be too many, and more than `before`, which may be NULL."""
    return f"{_NUMBER.format(attributes)} > greatest({MOST}, {_NUMBER.format(before)})"


def too_large_sql(attributes: str, before: str) -> str:
    """The same of all their characters together."""
    return f"{_SIZE.format(attributes)} > greatest({LARGEST}, {_SIZE.format(before)})"
