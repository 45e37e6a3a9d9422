"""How much a candidate's attributes may hold: lists, exports and imports read many at once."""

from collections.abc import Mapping
from typing import Any

MOST = 100  # of one candidate
LONGEST = 32_767  # characters of one value: what a cell of a spreadsheet holds
LARGEST = 100_000  # characters of all names and values of one candidate together
MOST_OTHERS = 20  # further e-mail addresses of one candidate; of phone numbers as many

TOO_MANY = f"A candidate has at most {MOST:,} attributes."
TOO_LONG = f"An attribute has at most {LONGEST:,} characters."
TOO_LARGE = f"All attributes of a candidate together have at most {LARGEST:,} characters."


def why_too_much(attributes: Mapping[str, Any]) -> str:
    """Which limit these are over, as a sentence; empty where they are within all."""
    if len(attributes) > MOST:
        return TOO_MANY
    sizes = [len(value if isinstance(value, str) else str(value)) for value in attributes.values()]
    if max(sizes, default=0) > LONGEST:
        return TOO_LONG
    return TOO_LARGE if sum(sizes) + sum(map(len, attributes)) > LARGEST else ""


# The same over SQL that is a candidate's attributes: how many, and their characters as JSON has
# them, quotation marks and all; so a little sooner than `why_too_much` says it.
NUMBER = (
    "CASE jsonb_typeof({0}) WHEN 'object' THEN (SELECT count(*) FROM jsonb_object_keys({0}))"
    " ELSE 0 END"
)
SIZE = "coalesce(char_length({0}::text), 0)"
