"""What the search box finds: candidates who have a word that begins with each word typed.

The words are cut as in CandidateSearch (migration 0002), and never pass PostgreSQL's parser, which
would split e-mail addresses and stumble over operators.
"""

import re

from django.contrib.postgres.search import SearchQuery
from django.db.models import BooleanField, Func

from pipeline.foundation.normal_forms import normalized

ACCENTS = re.compile("[\u0300-\u036f]")
PHONE = re.compile(r"\+?[\d\s()./-]+")
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
    words = words_of(text)
    typed = " & ".join(map(prefix, words))
    phone = phone_digits(text)
    if not phone or words == [phone]:
        return typed
    return f"({typed}) | {prefix(phone)}"


def words_of(text: str) -> list[str]:
    plain = ACCENTS.sub("", normalized("NFKD", text.lower()))
    words = (word.strip("\"',;:()<>")[:LONGEST_WORD] for word in plain.split())
    return [word for word in words if word][:MOST_WORDS]


def phone_digits(text: str) -> str:
    """The number without signs and trunk zero where `text` looks like one, else nothing."""
    if not PHONE.fullmatch(text.strip()):
        return ""
    return re.sub(r"\(0\)|\D", "", text).lstrip("0")[:LONGEST_WORD]


def prefix(word: str) -> str:
    quoted = word.replace("\\", "\\\\").replace("'", "''")
    return f"'{quoted}':*"
