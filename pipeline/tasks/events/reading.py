"""A request's body becomes an object, or is refused: strict JSON, as of RFC 7493 (I-JSON).

What that rules out is what two programs would read differently: an object that says a thing twice,
a number beyond 2**53, half of a surrogate pair. Here too: NUL, which PostgreSQL keeps nowhere.
"""

import json
import math
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from .refusals import NotJSON, Refused, TooLarge

MOST_BYTES = 64 * 1024
MOST_LEVELS = 5  # of lists and objects within one field
LARGEST = 2**53


TOO_DEEP = f"This is nested too deep. Send at most {MOST_LEVELS} levels."
TWICE = "The event has this field twice. Send it once."


@dataclass(frozen=True)
class Broken:
    """The value of a field that can't be used; `why` is for the sender."""

    why: str


class Pairs(list[tuple[str, Any]]):
    """An object as it was written, names that come twice included."""


def event_in(request: HttpRequest) -> dict[str, Any]:
    """Raises Refused. Errors of no single field are the `body`'s."""
    if request.content_type != "application/json":
        raise NotJSON(
            {"Content-Type": "Send JSON, with the header Content-Type: application/json."}
        )
    body = request.read(MOST_BYTES + 1)
    if len(body) > MOST_BYTES:
        raise TooLarge({"body": _("An event can be up to 64 KiB. Shorten its texts.")})
    return plain(parsed(body))


def parsed(body: bytes) -> Pairs:
    try:
        found = json.loads(body.decode(), object_pairs_hook=Pairs, parse_int=number)
    except UnicodeDecodeError:
        raise Refused({"body": "This is not UTF-8. Send JSON in UTF-8."})
    except RecursionError:
        raise Refused({"body": TOO_DEEP})
    except ValueError as error:
        raise Refused({"body": f"This is not JSON: {error}. Send one JSON object."})
    if not isinstance(found, Pairs):
        raise Refused({"body": 'Send one JSON object: {"id": …, "type": …}.'})
    return found


def number(digits: str) -> int | float:
    """Python alone reads numbers of thousands of digits, and takes its time."""
    return int(digits) if len(digits) < 20 else math.inf


def plain(pairs: Pairs) -> dict[str, Any]:
    """The object; what JSON programs disagree about is Broken in it."""
    event: dict[str, Any] = {}
    for name, value in pairs:
        try:
            event[name] = Broken(TWICE) if name in event else checked(value, MOST_LEVELS)
        except ValueError as error:
            event[name] = Broken(str(error))
    return event


def checked(value: Any, levels: int) -> Any:
    """`value` with its objects as dicts. Raises ValueError with what to do about it."""
    if isinstance(value, str):
        return checked_text(value)
    if isinstance(value, int | float) and not abs(value) <= LARGEST:
        raise ValueError(
            _("This is not a number, or it is too large to be exact. Send it as a text.")
        )
    if not isinstance(value, list):
        return value
    if levels == 0:
        raise ValueError(TOO_DEEP)
    if not isinstance(value, Pairs):
        return [checked(item, levels - 1) for item in value]
    found = {checked_text(name): checked(item, levels - 1) for name, item in value}
    if len(found) < len(value):
        raise ValueError("An object in here has a name twice. Send it once.")
    return found


def checked_text(text: str) -> str:
    if "\0" in text:
        raise ValueError(_("This has a NUL character. Remove it."))
    if not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text):
        raise ValueError(_("This has half of a surrogate pair. Send complete characters in UTF-8."))
    return text
