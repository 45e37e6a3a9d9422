"""One row becomes one person to import, or a reason why it can't."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from pipeline.candidates.models.attributes import (
    MOST_OTHERS,
    TOO_LONG,
    TOO_MANY,
    why_too_much,
)

from . import cleaning
from .columns import FIELDS

TOO_MUCH = {TOO_MANY: "too_many_attributes", TOO_LONG: "attribute_too_long"}
# Fields that become attributes of the candidate, in the words of the profile page.
ATTRIBUTES = (
    "job", "stage", "notes", "secondary_email", "available_from", "external_id", "application_id",
)  # fmt: skip
# The most characters in a cell. What is longer is looked at no further: patterns would take hours.
LONGEST = {
    "first_name": 1000, "last_name": 1000, "full_name": 1000, "source": 1000, "stage": 1000,
    "email": 2000, "phone": cleaning.PHONE_CHARACTERS, "tags": 10_000,
    "created_at": 200, "available_from": 200,
}  # fmt: skip


@dataclass(slots=True)
class Person:
    email: str = ""
    phone: str = ""
    first_name: str = ""
    last_name: str = ""
    full_name: str = ""
    source: str = ""
    stage: str = ""
    labels: list[str] = field(default_factory=list)
    created_at: datetime | None = None
    attributes: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """How the user, or the guess, wants a file's columns read."""

    columns: Sequence[str]
    mapping: dict[str, str]  # field: heading
    kept: Sequence[str]  # headings that become attributes under their own name
    separator: str  # between labels
    region: str
    zone: tzinfo
    day_first: dict[str, bool]  # for each field with dates


class Reader:
    """Reads rows by a plan. `read` gives a Person, or the code of the reason why there is none."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.width = len(plan.columns)
        at = {heading: index for index, heading in enumerate(plan.columns)}
        self.at = {name: at[heading] for name, heading in plan.mapping.items() if heading in at}
        self.bounded = [(self.at[name], most) for name, most in LONGEST.items() if name in self.at]
        self.kept = [(heading[:60], at[heading]) for heading in plan.kept if heading in at]

    def read(self, row: list[str]) -> Person | str:
        if len(row) > self.width and not cleaning.is_blank(row[self.width :]):
            return "too_many_cells"
        row = row + [""] * (self.width - len(row))
        if any(len(row[at]) > most and len(row[at].strip()) > most for at, most in self.bounded):
            return "too_long"
        emails = cleaning.emails_in(self.cell(row, "email"))
        person = Person(
            email=emails[0] if emails else "",
            phone=cleaning.phone_in(self.cell(row, "phone"), self.plan.region),
        )
        if not person.email and not person.phone:
            return self.without_contact(row)
        self.add_names(person, row)
        if not person.full_name:
            return "missing_name"
        if len(emails) > MOST_OTHERS + 1:
            return "too_many_emails"
        self.add_the_rest(person, row, emails[1:])
        too_much = why_too_much(person.attributes)
        return TOO_MUCH.get(too_much, "attributes_too_large") if too_much else person

    def cell(self, row: list[str], field: str) -> str:
        index = self.at.get(field)
        return row[index] if index is not None else ""

    def without_contact(self, row: list[str]) -> str:
        has_email = bool(cleaning.text(self.cell(row, "email")))
        has_phone = bool(cleaning.text(self.cell(row, "phone")))
        if has_email and has_phone:
            return "invalid_contact"
        if has_email:
            return "invalid_email_only"
        return "invalid_phone_only" if has_phone else "no_contact"

    def add_names(self, person: Person, row: list[str]) -> None:
        person.first_name = cleaning.name(self.cell(row, "first_name"))[:150].strip()
        person.last_name = cleaning.name(self.cell(row, "last_name"))[:150].strip()
        full = cleaning.name(self.cell(row, "full_name"))[:310].strip()
        person.full_name = full or f"{person.first_name} {person.last_name}".strip()

    def add_the_rest(self, person: Person, row: list[str], more_emails: list[str]) -> None:
        person.source = cleaning.name(self.cell(row, "source"))[:100].strip()
        person.stage = cleaning.name(self.cell(row, "stage"))
        person.labels = cleaning.labels_in(self.cell(row, "tags"), self.plan.separator)
        person.created_at = self.moment(row, "created_at")
        if person.created_at:
            person.created_at = cleaning.in_zone(person.created_at, self.plan.zone)
        for name in ATTRIBUTES:
            if name in self.at and (value := self.attribute(row, name)):
                person.attributes[FIELDS[name]] = value
        if more_emails:
            person.attributes.setdefault(FIELDS["secondary_email"], ", ".join(more_emails))
        for heading, index in self.kept:
            if value := cleaning.notes(row[index]):
                person.attributes[heading] = value

    def attribute(self, row: list[str], name: str) -> str:
        cell = self.cell(row, name)
        if name == "available_from" and (found := self.moment(row, name)):
            return found.isoformat(timespec="minutes")
        return cleaning.notes(cell) if name == "notes" else cleaning.name(cell)

    def moment(self, row: list[str], name: str) -> datetime | None:
        cell = self.cell(row, name)
        return cleaning.moment(cell, self.plan.day_first.get(name, True)) if cell else None
