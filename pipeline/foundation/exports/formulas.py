"""Texts that no spreadsheet program takes for a formula, and back. It needs nothing of Django's."""

import re

# What spreadsheet programs take for the beginning of a formula, in both widths.
FORMULA_SIGNS = tuple("=+-@＝＋－＠")

# A program that splits at another sign than the comma, as Excel does in half of Europe, finds a
# cell's beginning inside our quotes, too: `x;=cmd` is two cells to it.
BEGINNING = r"(?:\A|(?<=[,;|\t\r\n]))"
FILLING = r"(?:[^\S\t\r\n]|[\"'])*"  # what may stand before the sign
SIGN = f"(?={FILLING}[{re.escape(''.join(FORMULA_SIGNS))}])"
BREAK = f"(?={FILLING}[\t\r\n\0])"
UNGUARDED = re.compile(f"{BEGINNING}{SIGN}|\\A{BREAK}")
GUARDED = re.compile(f"{BEGINNING}'{SIGN}|\\A'{BREAK}")
FIRST_GUARD = re.compile(f"\\A'{SIGN}")
# As phone numbers are written: a number to them, with nothing to evaluate.
NUMBER = re.compile(r"[+-]\d[\d ]*(?:\.\d+)?")
SUSPECT = re.compile(f"[\t\r\n\0{re.escape(''.join(FORMULA_SIGNS))}]")  # most texts have none


def formula_safe(value: object) -> str:
    """The value as text that no spreadsheet program evaluates; None is empty.

    An apostrophe goes before whatever looks like a formula, as OWASP advises ("CSV injection"),
    also after each sign at which a program may split. Numbers, also a sign and digits as text,
    and dates are left as they are.
    """
    text = "" if value is None else str(value)
    if not isinstance(value, str) or not SUSPECT.search(text) or NUMBER.fullmatch(text):
        return text
    return UNGUARDED.sub("'", text)


def without_guards(text: str) -> str:
    """What `formula_safe` was given to make this text; the importer takes its apostrophes off.

    A text of others, which lacks some of them, loses at most the one that it begins with.
    """
    if "'" not in text:
        return text
    bare = GUARDED.sub("", text)
    return bare if formula_safe(bare) == text else FIRST_GUARD.sub("", text)
