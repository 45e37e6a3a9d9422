"""Placeholders in message templates: {first_name}, {attribute:City}. `{{` and `}}` are braces.

They are looked up in one table and never run or parsed again, so that neither a template nor a
candidate's name can do anything but be text.
"""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from pipeline.candidates.models import Candidate

from .models import Channel, MessageTemplate
from .reasons import ATTRIBUTE, CantSend, no_values

SUBJECT_LENGTH = 400


class BadTemplate(ValueError):
    """Its text names what is wrong, and what would be right."""


class MissingValue(CantSend):
    """The candidate has nothing to put in."""


class Rendered(NamedTuple):
    subject: str
    body: str


def recruiter(candidate: Candidate) -> str:
    return str(candidate.recruiter.user) if candidate.recruiter else ""


def recruiter_first_name(candidate: Candidate) -> str:
    return candidate.recruiter.user.first_name if candidate.recruiter else ""


PLACEHOLDERS: dict[str, Callable[[Candidate], str]] = {
    "first_name": lambda candidate: candidate.first_name,
    "last_name": lambda candidate: candidate.last_name,
    "full_name": lambda candidate: candidate.full_name,
    "email": lambda candidate: candidate.email,
    "phone": lambda candidate: candidate.phone_as_written,
    "opening": lambda candidate: str(candidate.opening),
    "folder": lambda candidate: str(candidate.folder),
    "recruiter": recruiter,
    "recruiter_first_name": recruiter_first_name,
    "workspace": lambda candidate: str(candidate.workspace),
}
ALLOWED = ", ".join(f"{{{name}}}" for name in [*PLACEHOLDERS, f"{ATTRIBUTE}City"])
TOKEN = re.compile(r"\{\{|\}\}|\{(?P<name>[^{}]*)\}|[{}]")


def check(text: str) -> None:
    """Raise BadTemplate for an unknown placeholder or a brace without its partner."""
    parts(text)


def render(template: MessageTemplate, candidate: Candidate) -> Rendered:
    """What `candidate` would read. An e-mail's subject is one line; an SMS has none.

    Asks for no row when the candidate came with opening, folder, recruiter__user and workspace.
    Raises MissingValue, naming all that is missing, or BadTemplate.
    """
    missing: dict[str, None] = {}  # a set that keeps its order
    subject = "" if template.channel == Channel.SMS else fill(template.subject, candidate, missing)
    body = fill(template.body, candidate, missing)
    if missing:
        raise MissingValue(no_values(missing))
    return Rendered(" ".join(subject.split())[:SUBJECT_LENGTH], body)


def fill(text: str, candidate: Candidate, missing: dict[str, None]) -> str:
    filled = []
    for literal, name in parts(text):
        filled.append(literal)
        if name:
            value = look_up(name, candidate)
            if not value:
                missing[name] = None
            filled.append(value)
    return "".join(filled)


def look_up(name: str, candidate: Candidate) -> str:
    """The candidate's value for a placeholder, empty when there is none."""
    if name.startswith(ATTRIBUTE):
        return attribute_of(candidate, name.removeprefix(ATTRIBUTE))
    return PLACEHOLDERS[name](candidate).strip()


def attribute_of(candidate: Candidate, name: str) -> str:
    """However it is capitalized: headings of imported files differ in that."""
    for each, value in candidate.attributes.items():
        if each.casefold() == name.casefold():
            return written(value)
    return ""


def written(value: Any) -> str:
    """A value of an attribute, which may be any JSON, as people write it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(written(each) for each in value)
    return str(value).strip()


@lru_cache(maxsize=200)
def parts(text: str) -> tuple[tuple[str, str], ...]:
    """The text as pairs of what stands before a placeholder and its name; empty in the last.

    Raises BadTemplate.
    """
    return tuple(split(text))


def split(text: str) -> Iterator[tuple[str, str]]:
    literal, end = "", 0
    for token in TOKEN.finditer(text):
        literal += text[end : token.start()]
        end = token.end()
        if token[0] in ("{{", "}}"):
            literal += token[0][0]
            continue
        if token["name"] is None:
            raise BadTemplate(
                f"“{around(text, token.start())}” has a {token[0]} without its "
                f"partner. Write a placeholder like {{first_name}}; for a literal "
                f"brace, write"
                f" {token[0] * 2}."
            )
        yield literal, known(token["name"])
        literal = ""
    yield literal + text[end:], ""


def known(name: str) -> str:
    name = name.strip()
    if name in PLACEHOLDERS:
        return name
    kind, colon, attribute = name.partition(":")
    if colon and kind.strip() == "attribute" and attribute.strip():
        return ATTRIBUTE + attribute.strip()
    raise BadTemplate(f"The placeholder {{{name}}} does not exist. Use one of {ALLOWED}.")


def around(text: str, position: int) -> str:
    return " ".join(text[max(0, position - 15) : position + 15].split())
