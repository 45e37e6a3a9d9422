"""What the search box finds: candidates who have a word that begins with each word typed.

The words are cut as in CandidateSearch (migration 0012), and never pass PostgreSQL's parser, which
would split e-mail addresses and stumble over operators.
"""

import re

from django.contrib.postgres.search import SearchQuery
from django.db.models import BooleanField, Func

from pipeline.foundation.names import INVISIBLE
from pipeline.foundation.normal_forms import normalized

ACCENTS = re.compile("[\u0300-\u036f]")
# Letters that Unicode does not take apart, and the signs that stand for an apostrophe or a hyphen.
LETTERS = str.maketrans(
    {
        **dict(zip("łøđðıħŧŀ", "loddihtl", strict=True)),
        "ß": "ss",
        "æ": "ae",
        "œ": "oe",
        "þ": "th",
        **dict.fromkeys("’‘ʼ`´′＇", "'"),
        **dict.fromkeys("‐‑‒–—―−", "-"),
    }
)
PHONE = re.compile(r"\+?[\d\s()./-]+")
FEWEST_LAST_DIGITS = 3
MOST_WORDS = 8
LONGEST_WORD = 100  # PostgreSQL refuses lexemes above 2 kB


class Matches(Func):
    """Matches(document, Words(text)) is true where the document holds them."""

    template = "(%(expressions)s)"
    arg_joiner = " @@ "
    output_field = BooleanField()


class Words(SearchQuery):
    """`CandidateSearch.objects.filter(document=Words(tsquery("ana ru")))`"""

    template = "(%(expressions)s)::tsquery"


def tsquery(text: str) -> str:
    """`text` as PostgreSQL's tsquery; empty when it has no word to look for."""
    text = INVISIBLE.sub("", text).strip()
    words = words_of(re.sub(r"^(tel|mailto):", "", text, flags=re.IGNORECASE))
    ways = [" & ".join(map(prefix, words))] if words else []
    if phone := phone_digits(text):
        ways.append(prefix(phone))
        if len(phone) >= FEWEST_LAST_DIGITS:
            ways.append(prefix(f"~{last_digits(text)[::-1]}"))
    different = list(dict.fromkeys(ways))
    return different[0] if len(different) == 1 else " | ".join(f"({way})" for way in different)


def words_of(text: str) -> list[str]:
    plain = ACCENTS.sub("", normalized("NFKD", text.lower().translate(LETTERS)))
    words = (word.strip("\"',;:()<>~")[:LONGEST_WORD] for word in plain.split())
    return [word for word in words if word][:MOST_WORDS]


def phone_digits(text: str) -> str:
    """The number without signs and trunk zero where `text` looks like one, else nothing."""
    return last_digits(text).lstrip("0")


def last_digits(text: str) -> str:
    """The same with all zeros: "0487" is how a number ends."""
    written = normalized("NFKC", re.sub(r"^tel:", "", text, flags=re.IGNORECASE)).translate(LETTERS)
    if not PHONE.fullmatch(written.strip()):
        return ""
    return re.sub(r"\(0\)|\D", "", written)[:LONGEST_WORD]


def prefix(word: str) -> str:
    quoted = word.replace("\\", "\\\\").replace("'", "''")
    return f"'{quoted}':*"
