"""What a share may show of a candidate beside the name, and what it does show: an allow list.

Nothing is guessed from what a field or an attribute is called. What nobody chose is not shown, and
neither is what comes later: another attribute, another column.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from django.utils.formats import date_format
from django.utils.timezone import localtime

from pipeline.candidates.models import Candidate

if TYPE_CHECKING:
    from pipeline.candidates.models.share import Share


class Field(NamedTuple):
    heading: str
    text: Callable[[Candidate], str]


FIELDS = {
    "opening": Field("Opening", lambda candidate: candidate.opening.name),
    "source": Field("Source", lambda candidate: candidate.source),
    "applied": Field(
        "Applied on", lambda candidate: date_format(localtime(candidate.created_at), "j M Y")
    ),
    "email": Field("E-mail", lambda candidate: candidate.email),
    "phone": Field("Phone", lambda candidate: candidate.phone_as_written),
    "folder": Field("Folder", lambda candidate: candidate.folder.name),
    "labels": Field(
        "Labels", lambda candidate: ", ".join(label.name for label in candidate.labels.all())
    ),
    "recruiter": Field(
        "Recruiter",
        lambda candidate: str(candidate.recruiter.user) if candidate.recruiter else "",
    ),
    "reject_reasons": Field(
        "Reject reasons", lambda candidate: ", ".join(candidate.reject_reasons)
    ),
}
# What is ticked to begin with, and all that shares show which were made before there was a choice.
BY_DEFAULT = ["opening"]


def details_of(candidate: Candidate, share: "Share") -> Iterator[tuple[str, str]]:
    """Each chosen field and attribute that the candidate has, with its text."""
    for key, field in FIELDS.items():
        if key in share.shown_fields and (text := field.text(candidate)):
            yield field.heading, text
    for name in share.shown_attributes:
        if text := text_of(candidate.attributes.get(name)):
            yield name, text


def text_of(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)


def names_of(fields: Iterable[str], attributes: Iterable[str]) -> list[str]:
    """What is shown, as people call it; the name of a candidate always is."""
    return ["Name", *(FIELDS[key].heading for key in FIELDS if key in fields), *attributes]
