"""Form fields for JSON: a number is no text here, and a text is no number."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.utils.translation import gettext as _

from pipeline.candidates.importing.contacts import emails_in
from pipeline.foundation import database_clock
from pipeline.outreach.models import Priority
from pipeline.workspaces.models import WEB

from .reading import Broken

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
ISO = "2026-11-22T10:32:00Z or 2026-11-22T10:32:00+01:00"


class Field(forms.Field):
    """`what` says what to send; it is the error for everything else."""

    what = ""

    def __init__(self, what: str = "", required: bool = False) -> None:
        super().__init__(required=required)
        self.what = what or self.what
        self.error_messages["required"] = f"This field is missing. {self.what}"

    def clean(self, value: Any) -> Any:
        if isinstance(value, Broken):
            raise forms.ValidationError(value.why)
        return super().clean(value)

    def refuse(self, why: str = "") -> forms.ValidationError:
        return forms.ValidationError(f"{why} {self.what}".strip())


class Text(Field):
    def __init__(self, longest: int, what: str = "", required: bool = False) -> None:
        super().__init__(what or f"Send a text of at most {longest:,} characters.", required)
        self.longest = longest

    def to_python(self, value: Any) -> str:
        if value is None:
            return ""
        if not isinstance(value, str):
            raise self.refuse("This is not a text.")
        if len(value) > self.longest:
            raise self.refuse(f"This text has {len(value):,} characters.")
        return value.strip()


class Choice(Text):
    def __init__(self, words: list[str], required: bool = False) -> None:
        super().__init__(100, f"Send one of {', '.join(words)}.", required)
        self.words = words

    def to_python(self, value: Any) -> str:
        word = super().to_python(value)
        if word and word not in self.words:
            raise self.refuse()
        return word


class PriorityField(Choice):
    def __init__(self) -> None:
        super().__init__([priority.name.lower() for priority in Priority])

    def clean(self, value: Any) -> Priority | None:
        word = super().clean(value)
        return Priority[word.upper()] if word else None


class Id(Field):
    what = "Send Belay’s id: a whole number, without quotes."

    def to_python(self, value: Any) -> int | None:
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise self.refuse("This is not an id.")
        return value


class IdOrName(Field):
    what = "Send its id as a number, or its name as a text of at most 150 characters."

    def to_python(self, value: Any) -> int | str | None:
        if isinstance(value, str):
            return Text(150, self.what).to_python(value) or None
        return Id(self.what).to_python(value)


class EventId(Text):
    """Kept as it is: two ids that differ in a blank are two ids, and likely a mistake."""

    def __init__(self) -> None:
        what = "Send a text of 1 to 100 characters that no other event of yours has."
        super().__init__(100, what, required=True)

    def to_python(self, value: Any) -> str:
        found = super().to_python(value)
        if found != (value or "") or not found.isprintable():
            raise self.refuse(_("This has spaces around it, or control characters."))
        return found


class Email(Text):
    def to_python(self, value: Any) -> str:
        written = super().to_python(value)
        found = emails_in(written)
        if written and len(found) != 1:
            raise self.refuse("This is not an e-mail address.")
        return found[0] if found else ""


class CampaignNumber(Text):
    """C12 is 12."""

    def __init__(self) -> None:
        super().__init__(10, "Send a campaign’s short id, like C12.")

    def clean(self, value: Any) -> int | None:
        short_id = super().clean(value)
        if not short_id:
            return None
        if not re.fullmatch(r"C[0-9]{1,9}", short_id, re.IGNORECASE):
            raise self.refuse("This is not a campaign’s short id.")
        return int(short_id[1:])


class Moment(Field):
    """A time with its zone, from `earliest` days ago, or 2000, to `latest` days from now."""

    what = f"Send a time with its zone, like {ISO}."

    def __init__(self, latest: int, earliest: int | None = None) -> None:
        super().__init__()
        self.latest, self.earliest = latest, earliest

    def to_python(self, value: Any) -> datetime | None:
        if value is None:
            return None
        moment = moment_in(value)
        if moment is None:
            raise self.refuse("This is not a time with a zone.")
        now = database_clock.now()
        latest = now + timedelta(days=self.latest)
        earliest = EARLIEST if self.earliest is None else now - timedelta(days=self.earliest)
        if not earliest <= moment <= latest:
            allowed = f"{earliest:%Y-%m-%d} and {latest:%Y-%m-%d}"
            raise self.refuse(f"This time is not between {allowed}.")
        return moment


def moment_in(value: Any) -> datetime | None:
    """In UTC; None for what is no ISO 8601, has no zone or lies outside of the calendar."""
    try:
        found = datetime.fromisoformat(value)
        return found.astimezone(UTC) if found.tzinfo else None
    except (TypeError, ValueError, OverflowError):
        return None


class WebAddress(Text):
    def __init__(self) -> None:
        super().__init__(2000, "Send an address that begins with https:// or http://.")

    def to_python(self, value: Any) -> str:
        address = super().to_python(value)
        if address and not is_web_address(address):
            raise self.refuse("This is not a web address.")
        return address


def is_web_address(address: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    is_one_word = address.isprintable() and " " not in address
    return parts.scheme in WEB and bool(parts.hostname) and is_one_word


class Properties(Field):
    what = 'Send an object, like {"order": 1001}.'

    def to_python(self, value: Any) -> dict[str, Any]:
        if value is not None and not isinstance(value, dict):
            raise self.refuse("This is not an object.")
        return value or {}


class Flag(Field):
    """What is not sent is true."""

    what = "Send true or false, without quotes."

    def to_python(self, value: Any) -> bool:
        if value is not None and not isinstance(value, bool):
            raise self.refuse("This is not true or false.")
        return value is not False
