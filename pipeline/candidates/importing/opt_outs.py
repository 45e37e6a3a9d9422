"""Columns that say who wants no messages, as CRMs and applicant-tracking systems export them."""

from collections.abc import Collection

from pipeline.foundation.normal_forms import normalized

from .cleaning import text
from .moments import moment

EMAIL, SMS, CALL = "email", "sms", "call"
CHANNELS = {
    "no_contact": [EMAIL, SMS, CALL],
    "no_email": [EMAIL],
    "no_sms": [SMS],
    "no_calls": [CALL],
}
SAYS_YES = (
    "1 x y yes true t on checked ja j oui si sim s da tak ✓ ✔ ☑ optout optedout unsubscribed"
    " unsubscribe stop donotcontact donotcall dnc blocked revoked"
)
SAYS_NO = (
    "0 n no false f off unchecked nein non não nao nie net ✗ ✘ ☐ – — na none null nil subscribed"
    " optin optedin active allowed ok"
)
YES, NO = frozenset(SAYS_YES.split()), frozenset(SAYS_NO.split())


def says_yes(cell: str) -> bool | None:
    """Whether a cell says that somebody is opted out; None where it says neither yes nor no.

    A date says when it was: yes.
    """
    cell = text(cell)
    if not cell:
        return False
    word = "".join(c for c in normalized("NFKC", cell).casefold() if c not in " -_/.'’")
    if word in NO or not word:
        return False
    if word in YES or moment(cell, day_first=True):
        return True
    return None


def channels_of(key: str, keys: Collection[str]) -> list[str]:
    """The channels that an opt-out column is about, among `keys`, those of all such columns.

    A number that must not be called must not get an SMS either, unless a column of its own tells
    of these.
    """
    alone = key == "no_calls" and "no_sms" not in keys
    return [SMS, CALL] if alone else CHANNELS[key]
