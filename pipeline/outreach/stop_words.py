"""SMS that are a word of command: STOP opts the number out, START lets it in again.

The words are those of carriers and of CTIA's Messaging Principles, section 5.1.3; a workspace may
have its own.
"""

import re
from collections.abc import Collection
from enum import StrEnum

from pipeline.foundation.names import same_key, visible
from pipeline.foundation.normal_forms import normalized

STOP_WORDS = frozenset(
    ("stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout", "arret")
)
START_WORDS = frozenset(("start", "unstop"))

SIGNATURE = re.compile(r"--|__|—|sent (?:from|via|with)\b|get outlook\b|von meinem\b|envoyé de\b")
QUOTED = re.compile(r">|on .{1,100} wrote:$")
LONGEST = 200  # characters; a longer text is no word, whatever it begins with
NAME_WORDS = 4


class Command(StrEnum):
    STOP = "stop"
    START = "start"


def command_in(text: str, own_stop_words: Collection[str] = ()) -> Command | None:
    """What an SMS orders, if it is a word of command and nothing but a signature.

    Case, punctuation, blanks within the word and fullwidth letters don't matter: "S.T.O.P.",
    "Ｓｔｏｐ!". A sentence that has the word in it is none: "Can we stop by at 5?"
    """
    lines = [line for line in map(visible, text.splitlines()) if line]
    if not lines or len(lines[0]) > LONGEST:
        return None
    word = letters_of(lines[0])
    if word in START_WORDS:
        command = Command.START
    elif word in STOP_WORDS or word in set(map(letters_of, own_stop_words)):
        command = Command.STOP
    else:
        return None
    return command if is_signature(lines[1:]) else None


def letters_of(text: str) -> str:
    """Letters and digits alone, without case and accents."""
    return "".join(letter for letter in normalized("NFKD", same_key(text)) if letter.isalnum())


def is_signature(lines: list[str]) -> bool:
    """Whether the lines below the first say no more than who it is from."""
    for line in lines:
        if SIGNATURE.match(line.lower()) or QUOTED.match(line.lower()):
            return True  # and so is all below it
        words = line.split()
        is_name = len(words) <= NAME_WORDS and all(not word[0].islower() for word in words)
        if not is_name or line.endswith(("?", "!")):
            return False
    return True
