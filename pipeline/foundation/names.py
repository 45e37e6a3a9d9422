"""Names that people give: how they are kept, and which two are the same name."""

import re

from .normal_forms import normalized

# Invisible characters that copying leaves behind. Joiners stay: Persian and Hindi need them.
INVISIBLE = re.compile("[\u00ad\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
JOINERS = re.compile("[\u034f\u200c\u200d\ufe00-\ufe0f]")


def visible(text: str) -> str:
    """Without control and invisible characters and outer blanks, in one form (NFC)."""
    if text.isascii() and text.isprintable():  # most are, and imports ask this of each cell
        return text.strip()
    return normalized("NFC", CONTROL.sub("", INVISIBLE.sub("", text)).strip())


def tidy(name: str) -> str:
    """The name as it is kept: what can be seen of it, on one line, with single blanks."""
    return re.sub(r"\s+", " ", visible(name)).strip()


def same_key(name: str) -> str:
    """What is equal for two spellings of one name: case, widths, accents' forms don't count."""
    folded = normalized("NFKC", JOINERS.sub("", tidy(name))).casefold()
    return re.sub(r"\s+", " ", normalized("NFKC", folded)).strip()
