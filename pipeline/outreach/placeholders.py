"""Placeholders in message templates: {first_name}, {attribute:City}. `{{` and `}}` are braces.

They are looked up in one table and never run or parsed again, so that neither a template nor a
candidate's name can do anything but be text.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from pipeline.candidates.models import Candidate

from .models import Channel, MessageTemplate

ATTRIBUTE = "attribute:"
SUBJECT_LENGTH = 400


class BadTemplate(ValueError):
    """Its text names what is wrong, and what would be right."""


class MissingValue(Exception):
    """The candidate has nothing to put in; its text says what, for recruiters."""


class Rendered(NamedTuple):
    subject: str
    body: str


class Placeholder(NamedTuple):
    called: str  # as in "No phone number, which the template needs."
    value: Callable[[Candidate], str]


def recruiter(candidate: Candidate) -> str:
    return str(candidate.recruiter.user) if candidate.recruiter else ""


def recruiter_first_name(candidate: Candidate) -> str:
    return candidate.recruiter.user.first_name if candidate.recruiter else ""


PLACEHOLDERS = {
    "first_name": Placeholder("first name", lambda candidate: candidate.first_name),
    "last_name": Placeholder("last name", lambda candidate: candidate.last_name),
    "full_name": Placeholder("name", lambda candidate: candidate.full_name),
    "email": Placeholder("e-mail", lambda candidate: candidate.email),
    "phone": Placeholder("phone number", lambda candidate: candidate.phone_as_written),
    "opening": Placeholder("opening", lambda candidate: str(candidate.opening)),
    "folder": Placeholder("folder", lambda candidate: str(candidate.folder)),
    "recruiter": Placeholder("recruiter", recruiter),
    "recruiter_first_name": Placeholder("recruiter with a first name", recruiter_first_name),
    "workspace": Placeholder("workspace", lambda candidate: str(candidate.workspace)),
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
        raise MissingValue(sentence_of(missing))
    return Rendered(" ".join(subject.split())[:SUBJECT_LENGTH], body)


def sentence_of(missing: Iterable[str]) -> str:
    """As in "No first name, no City, which the template needs." """
    return f"No {', no '.join(missing)}, which the template needs."


def fill(text: str, candidate: Candidate, missing: dict[str, None]) -> str:
    filled = []
    for literal, name in parts(text):
        filled.append(literal)
        if name:
            called, value = look_up(name, candidate)
            if not value:
                missing[called] = None
            filled.append(value)
    return "".join(filled)


def look_up(name: str, candidate: Candidate) -> tuple[str, str]:
    """What the placeholder is called, and the candidate's value, empty when there is none."""
    if name.startswith(ATTRIBUTE):
        attribute = name.removeprefix(ATTRIBUTE)
        return attribute, attribute_of(candidate, attribute)
    placeholder = PLACEHOLDERS[name]
    return placeholder.called, placeholder.value(candidate).strip()


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
                f"“{around(text, token.start())}” has a {token[0]} without its partner."
                f" A placeholder is written {{first_name}}; for the brace itself write"
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
    raise BadTemplate(f"There is no placeholder {{{name}}}. There are {ALLOWED}.")


def around(text: str, position: int) -> str:
    return " ".join(text[max(0, position - 15) : position + 15].split())
