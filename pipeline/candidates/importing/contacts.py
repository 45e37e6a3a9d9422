"""The e-mail addresses and phone numbers in a cell, of which people write several into one."""

import re

from pipeline.candidates.addresses import is_rounded, normal_email, normal_phone
from pipeline.foundation.normal_forms import normalized

from .cleaning import text

PHONE_CHARACTERS = 200  # a longer cell is no phone number
SEVERAL = re.compile(r"[;,|\n]|\s/\s|\sor\s|\s:::\s", re.IGNORECASE)
BETWEEN_EMAILS = re.compile(r"[;,|\n]|\s/\s|\sor\s|\s:::\s")
NAMED = re.compile(r"[^<>]*<([^<>]*)>")  # Ana Ríos <ana@example.com>


def emails_in(cell: str) -> list[str]:
    """The different addresses in a cell, in their one form. What isn't an address is left out."""
    cell = normalized("NFKC", text(cell)).lower()
    parts = (part for written in BETWEEN_EMAILS.split(cell) for part in addresses_of(written))
    return list(dict.fromkeys(filter(None, map(normal_email, parts))))


def addresses_of(written: str) -> list[str]:
    """What may be an address each. Only blanks between whole addresses tell them apart."""
    if named := NAMED.fullmatch(written.strip()):
        written = named[1]
    words = [word.removeprefix("mailto:").strip(".") for word in written.split()]
    return words if words and all("@" in word for word in words) else [written.strip()]


def email_in(cell: str) -> str:
    return next(iter(emails_in(cell)), "")


def phones_in(cell: str, region: str) -> list[str]:
    """The different numbers in a cell as E.164; what isn't a number is left out."""
    cell = text(cell)
    if not cell or len(cell) > PHONE_CHARACTERS:
        return []
    if whole := normal_phone(cell, region):
        return [whole]
    parts = SEVERAL.split(cell)
    found = (normal_phone(part, region) for part in parts) if len(parts) > 1 else ()
    return list(dict.fromkeys(filter(None, found)))


def has_rounded_phone(cell: str) -> bool:
    """Whether a spreadsheet has rounded the number in the cell, so that nobody knows it now."""
    return is_rounded(text(cell))
