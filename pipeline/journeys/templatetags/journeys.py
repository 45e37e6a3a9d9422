from typing import Any

from django import template
from django.forms import BaseForm, BoundField
from django.utils.html import format_html

from pipeline.journeys.models import Journey, JourneyState

register = template.Library()
STATE_COLORS = {JourneyState.LIVE: "bg-green-lt", JourneyState.PAUSED: "bg-yellow-lt"}
MARKS = {  # of a block in a comparison: its class, and its badge's
    "Added": ("is-added", "bg-green-lt"),
    "Changed": ("is-changed", "bg-yellow-lt"),
    "Removed": ("is-removed", "bg-red-lt"),
}


@register.filter
def state_color(journey: Journey) -> str:
    """The class of its state's badge."""
    return STATE_COLORS.get(JourneyState(journey.state), "bg-secondary-lt")


@register.filter
def mark_class(mark: str) -> str:
    """The classes of a block with this mark."""
    return f"is-marked {MARKS[mark][0]}"


@register.filter
def mark_color(mark: str) -> str:
    return MARKS[mark][1]


@register.simple_tag
def only_with(form: BaseForm, field: BoundField) -> Any:
    """What journeys.js reads: with which answers to which other field this one makes sense."""
    rule = getattr(form, "only_with", {}).get(field.name)
    if not rule:
        return ""
    other, *values = rule
    return format_html(' data-with="{}" data-values="{}"', other, " ".join(map(str, values)))
