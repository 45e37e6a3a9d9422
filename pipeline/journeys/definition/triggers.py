"""What lets candidates enter a journey, in a sentence."""

from typing import Any

from django.utils.translation import gettext as _

from pipeline.foundation.parameters import number_in
from pipeline.foundation.words import counted

from .conditions import OPERATORS
from .schedule import describe

TYPES = {
    "by_hand": "By hand",
    "folder": "A candidate enters a folder",
    "label": "A label is added",
    "created": "A candidate is created or imported",
    "event": "A custom event arrives",
    "schedule": "On a schedule",
}


def summary_of(type: str, options: dict[str, Any], filter_in_words: str = "") -> str:
    """ "The label “Converted” is added", as pages and the log of each run say it."""
    name = options.get(f"{type}_name") or ""
    match type:
        case "folder":
            opening = options.get("opening_name")
            of = f" of {opening}" if opening else ""
            return f"A candidate enters the folder “{name}”{of}"
        case "label":
            return f"The label “{name}” is added"
        case "event":
            return _("The event “%(name)s” arrives%(options)s") % {
                "name": name,
                "options": condition_of(options),
            }
        case "schedule":
            whom = f"candidates {filter_in_words}" if filter_in_words else "all candidates"
            return f"{describe(options)}: {whom}"
    return TYPES.get(type, type)


def text_of(trigger: dict[str, Any]) -> str:
    """The sentence of a definition's trigger; one that was written by hand may have none."""
    return str(trigger.get("summary") or TYPES.get(trigger["type"], trigger["type"]))[:300]


def condition_of(options: dict[str, Any]) -> str:
    """ ", and its plan is “pro”"; empty without a condition."""
    if not options.get("property"):
        return ""
    operator = str(options.get("operator"))
    words = OPERATORS[operator][0] if operator in OPERATORS else operator
    value = "" if operator in ("is_set", "is_not_set") else f" “{options.get('value', '')}”"
    return f", and its {options['property']} {words}{value}"


def reentry_of(reentry: dict[str, Any]) -> str:
    """Whether a candidate may come again."""
    match reentry.get("rule"):
        case "always":
            return _("A candidate may enter again after leaving.")
        case "after":
            return f"A candidate may enter again {counted(reentry['days'], 'day')} later."
    return _("A candidate enters only once.")


def is_id(value: Any) -> bool:
    """Whether it may be a row's: a number that PostgreSQL can hold."""
    return number_in(value) is not None
