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

from . import cleaning, contacts, moments
from .columns import FIELDS, field_of
from .opt_outs import channels_of, says_yes

TOO_MUCH = {TOO_MANY: "too_many_attributes", TOO_LONG: "attribute_too_long"}
# Fields that become attributes of the candidate, in the words of the profile page.
ATTRIBUTES = (
    "job", "stage", "notes", "secondary_email", "available_from", "external_id", "application_id",
)  # fmt: skip
# The most characters in a cell. What is longer is looked at no further: patterns would take hours.
LONGEST = {
    "first_name": 1000, "last_name": 1000, "full_name": 1000, "source": 1000, "stage": 1000,
    "email": 2000, "phone": contacts.PHONE_CHARACTERS, "tags": 10_000,
    "created_at": 200, "available_from": 200, "secondary_email": 2000, "secondary_phone": 200,
}  # fmt: skip
# The most characters that are kept of what makes a candidate; what is cut is counted.
KEPT = {"first_name": 150, "last_name": 150, "full_name": 310, "source": 100}
LABEL_CHARACTERS, ATTRIBUTE_NAME_CHARACTERS = 60, 60
NOTHING = frozenset({"", "-", "–", "—", "n/a", "na", "none", "null", "nil", "?"})
AS_WRITTEN = "{} as written"  # the attribute that keeps what could not be read


@dataclass(slots=True)
class Person:
    email: str = ""
    phone: str = ""
    other_phones: list[str] = field(default_factory=list)
    first_name: str = ""
    last_name: str = ""
    full_name: str = ""
    source: str = ""
    stage: str = ""
    labels: list[str] = field(default_factory=list)
    created_at: datetime | None = None
    attributes: dict[str, str] = field(default_factory=dict)
    opt_outs: list[str] = field(default_factory=list)  # "email", "sms", "call"
    noticed: list[str] = field(default_factory=list)  # codes of models.import_remarks


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
    now: datetime  # nobody has applied later
    opt_outs: dict[str, str] = field(default_factory=dict)  # heading: a key of OPT_OUTS
    header_width: int = 0  # cells of the row of headings, blank ones at its end included


class Reader:
    """Reads rows by a plan. `read` gives a Person, or the code of the reason why there is none."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.width = len(plan.columns)
        at = {heading: index for index, heading in enumerate(plan.columns)}
        self.at = {name: at[heading] for name, heading in plan.mapping.items() if heading in at}
        self.bounded = [(self.at[name], most) for name, most in LONGEST.items() if name in self.at]
        kept = [heading for heading in plan.kept if heading in at]
        self.kept = list(zip(attribute_names(kept), map(at.__getitem__, kept), strict=True))
        self.opt_outs = [(at[name], key) for name, key in plan.opt_outs.items() if name in at]
        # Beside first and last names, in a column that was left out: where both are empty.
        self.whole_name = next(
            (at[heading] for heading in plan.columns if field_of(heading) == "full_name"), None
        )

    def read(self, row: list[str]) -> Person | str:
        beyond = row[self.width :]
        if not cleaning.is_blank(row[max(self.width, self.plan.header_width) :]):
            return "too_many_cells"
        row = row + [""] * (self.width - len(row))
        if any(len(row[at]) > most and len(row[at].strip()) > most for at, most in self.bounded):
            return "too_long"
        person = Person()
        if not cleaning.is_blank(beyond):
            person.noticed.append("under_no_heading")
        self.add_contacts(person, row)
        if not person.email and not person.phone:
            return self.without_contact(row)
        self.add_names(person, row)
        if not person.full_name:
            return "missing_name"
        if len(contacts.emails_in(self.cell(row, "email"))) > MOST_OTHERS + 1:
            return "too_many_emails"
        self.add_the_rest(person, row)
        too_much = why_too_much(person.attributes)
        return TOO_MUCH.get(too_much, "attributes_too_large") if too_much else person

    def cell(self, row: list[str], field: str) -> str:
        index = self.at.get(field)
        return row[index] if index is not None else ""

    def is_filled(self, row: list[str], field: str) -> bool:
        return cleaning.text(self.cell(row, field)).lower() not in NOTHING

    def without_contact(self, row: list[str]) -> str:
        has_email = bool(cleaning.text(self.cell(row, "email")))
        has_phone = bool(cleaning.text(self.cell(row, "phone")))
        if has_email and has_phone:
            return "invalid_contact"
        if has_email:
            return "invalid_email_only"
        if has_phone and contacts.has_rounded_phone(self.cell(row, "phone")):
            return "rounded_phone_only"
        return "invalid_phone_only" if has_phone else "no_contact"

    def add_contacts(self, person: Person, row: list[str]) -> None:
        """The first address and number anywhere; the others become attributes."""
        emails = contacts.emails_in(self.cell(row, "email"))
        more = contacts.emails_in(self.cell(row, "secondary_email"))
        person.email, *others = [*emails, *more] or [""]
        others = [address for address in dict.fromkeys(others) if address != person.email]
        if others:
            person.attributes[FIELDS["secondary_email"]] = ", ".join(others)
        region = self.plan.region
        phones = contacts.phones_in(self.cell(row, "phone"), region)
        more = contacts.phones_in(self.cell(row, "secondary_phone"), region)
        person.phone, *person.other_phones = list(dict.fromkeys([*phones, *more])) or [""]
        for name, found in (("email", emails), ("phone", phones)):
            if not found and self.is_filled(row, name):
                self.keep_as_written(person, row, name, f"{name}_unreadable")
        for name in ("secondary_email", "secondary_phone"):
            if self.is_filled(row, name) and not more_in(name, self.cell(row, name), region):
                self.keep_as_written(person, row, name, f"{name[10:]}_unreadable")

    def keep_as_written(self, person: Person, row: list[str], name: str, code: str) -> None:
        person.noticed.append(code)
        person.attributes[AS_WRITTEN.format(FIELDS[name])] = cleaning.name(self.cell(row, name))

    def add_names(self, person: Person, row: list[str]) -> None:
        person.first_name = self.short(person, row, "first_name")
        person.last_name = self.short(person, row, "last_name")
        full = self.short(person, row, "full_name")
        person.full_name = full or f"{person.first_name} {person.last_name}".strip()
        if not person.full_name and self.whole_name is not None:
            person.full_name = self.cut(person, cleaning.name(row[self.whole_name]), "full_name")

    def short(self, person: Person, row: list[str], name: str) -> str:
        return self.cut(person, cleaning.name(self.cell(row, name)), name)

    def cut(self, person: Person, value: str, name: str) -> str:
        most = KEPT[name]
        if len(value) > most:
            person.noticed.append("source_cut" if name == "source" else "name_cut")
            value = value[:most].strip()
        return value

    def add_the_rest(self, person: Person, row: list[str]) -> None:
        person.source = self.short(person, row, "source")
        person.stage = cleaning.name(self.cell(row, "stage"))
        self.add_labels(person, row)
        self.add_opt_outs(person, row)
        person.created_at = self.moment(person, row, "created_at")
        for name in ATTRIBUTES:
            if name in self.at and (value := self.attribute(person, row, name)):
                person.attributes.setdefault(FIELDS[name], value)
        for heading, index in self.kept:
            if value := cleaning.notes(row[index]):
                person.attributes[heading] = value

    def add_labels(self, person: Person, row: list[str]) -> None:
        labels = cleaning.labels_in(self.cell(row, "tags"), self.plan.separator)
        if any(len(label) > LABEL_CHARACTERS for label in labels):
            person.noticed.append("label_cut")
        person.labels = [label[:LABEL_CHARACTERS].strip() for label in labels]

    def add_opt_outs(self, person: Person, row: list[str]) -> None:
        """An answer that is neither yes nor no counts as yes: a message can't be unsent."""
        for index, key in self.opt_outs:
            answer = says_yes(row[index])
            if answer is None:
                person.noticed.append("opt_out_unclear")
            if answer is not False:
                person.opt_outs.extend(channels_of(key, self.plan.opt_outs.values()))

    def attribute(self, person: Person, row: list[str], name: str) -> str:
        if name == "secondary_email":
            return ""  # see add_contacts
        cell = self.cell(row, name)
        if name == "available_from":
            found = self.moment(person, row, name)
            return found.isoformat(timespec="minutes") if found else ""
        return cleaning.notes(cell) if name == "notes" else cleaning.name(cell)

    def moment(self, person: Person, row: list[str], name: str) -> datetime | None:
        """The date and time; one that can't be read is kept as written, and counted."""
        if not self.is_filled(row, name):
            return None
        is_past = name == "created_at"
        day_first = self.plan.day_first.get(name, True)
        found = moments.moment(self.cell(row, name), day_first, self.plan.now if is_past else None)
        if found is None:
            self.keep_as_written(person, row, name, "date_unreadable")
            return None
        return moments.in_zone(found, self.plan.zone) if is_past else found


def more_in(name: str, cell: str, region: str) -> list[str]:
    is_email = name == "secondary_email"
    return contacts.emails_in(cell) if is_email else contacts.phones_in(cell, region)


def attribute_names(headings: Sequence[str]) -> list[str]:
    """Names for kept columns, short enough for an attribute, each once."""
    names: dict[str, None] = {}
    for heading in headings:
        name, number = heading[:ATTRIBUTE_NAME_CHARACTERS].strip(), 1
        while name in names:
            number += 1
            ending = f" ({number})"
            name = heading[: ATTRIBUTE_NAME_CHARACTERS - len(ending)].strip() + ending
        names[name] = None
    return list(names)
