"""Why a message did not go, or is not known to have gone: codes when written, sentences when shown.

A code comes with its facts, which are JSON. The sentence is made here, and nowhere else.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from .models import NOUNS, PLURALS, Channel, Period

Facts = Mapping[str, Any]
PREFIX = "message."
ATTRIBUTE = "attribute:"  # with its name, a placeholder


class Code(StrEnum):
    """A code keeps its meaning for ever: outcomes of years have it."""

    NO_EMAIL = f"{PREFIX}no_email"
    NO_PHONE = f"{PREFIX}no_phone"
    NO_VALUES = f"{PREFIX}no_values"  # values: names of placeholders
    OPTED_OUT = f"{PREFIX}opted_out"  # channel
    WRITTEN_BEFORE = f"{PREFIX}written_before"
    LIMIT_REACHED = f"{PREFIX}limit_reached"  # channel, number, period, resets_on, on
    STOPPED = f"{PREFIX}stopped"
    INTERRUPTED = f"{PREFIX}interrupted"
    PROVIDER = f"{PREFIX}provider"  # text: what the sender says of its provider

    # Of an order that is more than its message. `why` is another code, whose facts are there, too.
    NONE = f"{PREFIX}none"
    NOT_CONFIRMED = f"{PREFIX}not_confirmed"
    EMAIL_NOT_SENT = f"{PREFIX}email_not_sent"


@dataclass(frozen=True)
class Reason:
    """A code with its facts; as text, its sentence."""

    code: Code
    facts: Facts = field(default_factory=dict)

    def __str__(self) -> str:
        return sentence_of(self.code, self.facts)

    def within(self, code: Code) -> "Reason":
        """The same as the `why` of a larger reason."""
        return Reason(code, {**self.facts, "why": self.code.value})


class CantSend(Exception):
    """This person can't be written to."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


def no_address(channel: str) -> Reason:
    return Reason(Code.NO_EMAIL if channel == Channel.EMAIL else Code.NO_PHONE)


def no_values(names: Iterable[str]) -> Reason:
    """`names`: of the placeholders that nothing can be put in for."""
    return Reason(Code.NO_VALUES, {"values": list(names)})


def opted_out(channel: str) -> Reason:
    return Reason(Code.OPTED_OUT, {"channel": Channel(channel).value})


def said_of_provider(text: object) -> Reason:
    return Reason(Code.PROVIDER, {"text": str(text)})


def sentence_of(code: str, facts: Any = None) -> str:
    """What a reason says to people, also where its facts are missing or damaged."""
    if code not in SENTENCES:
        return code
    full, plain = SENTENCES[Code(code)]
    try:
        return str(full) % words_of(facts if isinstance(facts, Mapping) else {})
    except KeyError:
        return str(plain)


def words_of(facts: Facts) -> dict[str, str]:
    """What the placeholders of sentences stand for; nothing for a fact that is damaged."""
    words = {}
    for name, word_of in WORDS.items():
        try:
            words[name] = word_of(facts)
        except (KeyError, TypeError, ValueError):
            continue
    return words


def values_in(facts: Facts) -> str:
    """As in "first name, City"."""
    return ", ".join(called(name) for name in facts["values"])


def called(name: str) -> str:
    """What a placeholder is called, as in "phone number"."""
    if name.startswith(ATTRIBUTE):
        return name.removeprefix(ATTRIBUTE)
    return str(CALLED[name])


def limit_in(facts: Facts) -> str:
    """As in "SMS limit of 1,000 a calendar month"."""
    return gettext("%(noun)s limit of %(number)s a %(period)s") % {
        "noun": NOUNS[Channel(facts["channel"])],
        "number": intcomma(facts["number"] or 0),
        "period": Period(facts["period"]).label,
    }


def resets_in(facts: Facts) -> str:
    """The day as in "It resets on 1 December."; with the year where it was not that year's."""
    day, said_on = date.fromisoformat(facts["resets_on"]), date.fromisoformat(facts["on"])
    return date_format(day, "j F" if day.year == said_on.year else "j F Y")


def why_in(facts: Facts) -> str:
    code = facts["why"]
    return sentence_of(code, {name: fact for name, fact in facts.items() if name != "why"})


WORDS = {
    "values": values_in,
    "messages": lambda facts: str(PLURALS[Channel(facts["channel"])]),
    "limit": limit_in,
    "resets": resets_in,
    "text": lambda facts: str(facts["text"]),
    "why": why_in,
}

CALLED = {
    "first_name": _("first name"),
    "last_name": _("last name"),
    "full_name": _("name"),
    "email": _("e-mail"),
    "phone": _("phone number"),
    "opening": _("opening"),
    "folder": _("folder"),
    "recruiter": _("recruiter"),
    "recruiter_first_name": _("recruiter with a first name"),
    "workspace": _("workspace"),
}

# Of each code the sentence, and what is said where its facts are not all there.
SENTENCES: dict[Code, tuple[Any, Any]] = {
    Code.NO_EMAIL: (_("Has no e-mail address."),) * 2,
    Code.NO_PHONE: (_("Has no phone number."),) * 2,
    Code.NO_VALUES: (
        _("The template needs a value that the candidate does not have: %(values)s."),
        _("The template needs a value that the candidate does not have."),
    ),
    Code.OPTED_OUT: (_("Has opted out of %(messages)s."), _("Has opted out.")),
    Code.WRITTEN_BEFORE: (_("This bulk action has already messaged this candidate."),) * 2,
    Code.LIMIT_REACHED: (
        _("The %(limit)s is used up. It resets on %(resets)s."),
        _("The message limit is used up."),
    ),
    Code.STOPPED: (_("The bulk action was stopped before the message was sent."),) * 2,
    Code.INTERRUPTED: (
        _(
            "Belay was interrupted while sending this message. It may or may not "
            "have arrived, and is not resent automatically."
        ),
    )
    * 2,
    Code.PROVIDER: ("%(text)s", _("The provider did not accept the message.")),
    Code.NONE: (_("No message: %(why)s"), _("No message.")),
    Code.NOT_CONFIRMED: (_("Message not confirmed: %(why)s"), _("Message not confirmed.")),
    Code.EMAIL_NOT_SENT: (
        _("The e-mail could not be sent: %(why)s"),
        _("The e-mail could not be sent."),
    ),
}
