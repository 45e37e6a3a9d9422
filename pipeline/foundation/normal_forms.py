"""Unicode's normal forms, in a time that grows with the text and not with its square."""

import unicodedata
from typing import Literal

MOST_MARKS = 30  # in a row: more than any language has (UAX #15, Stream-Safe Text Format)
JOINER = "\u034f"  # invisible; it ends a run of marks
SHORT = 1000  # characters: then even the square is soon done


def normalized(form: Literal["NFC", "NFKC", "NFKD"], text: str) -> str:
    """`text` in that form. Where it has more than MOST_MARKS marks in a row, they are divided.

    Python sorts each run of combining marks one by one: 100,000 of them take a minute, in which no
    other thread of the process does anything.
    """
    return unicodedata.normalize(form, text if len(text) <= SHORT else stream_safe(text))


def stream_safe(text: str) -> str:
    if text.isascii():
        return text
    parts, marks = [], 0
    for character in text:
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks > MOST_MARKS:
            parts.append(JOINER)
            marks = 1
        parts.append(character)
    return "".join(parts)
