"""A condition on an event's properties: {"property": "plan", "operator": "is", "value": "pro"}."""

from collections.abc import Callable
from typing import Any

OPERATORS: dict[str, tuple[str, Callable[[str, str], bool]]] = {
    "is": ("is", lambda found, wanted: found == wanted),
    "is_not": ("is not", lambda found, wanted: found != wanted),
    "contains": ("contains", lambda found, wanted: wanted in found),
    "is_set": ("is set", lambda found, wanted: found != ""),
    "is_not_set": ("is not set", lambda found, wanted: found == ""),
    "at_least": ("is at least", lambda found, wanted: number(found) >= number(wanted)),
    "at_most": ("is at most", lambda found, wanted: number(found) <= number(wanted)),
}


def is_met(condition: dict[str, Any], properties: dict[str, Any]) -> bool:
    """Capital letters do not matter. A condition without a property is met by everything."""
    name = condition.get("property")
    if not name:
        return True
    named = {key.casefold(): value for key, value in properties.items()}
    found = written(named.get(written(name).casefold())).casefold()
    wanted = written(condition.get("value")).casefold()
    try:
        return OPERATORS[condition["operator"]][1](found, wanted)
    except (KeyError, ValueError):  # an operator that nobody knows, or no number for one
        return False


def number(text: str) -> float:
    return float(text.replace(",", "."))


def written(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value).strip()
