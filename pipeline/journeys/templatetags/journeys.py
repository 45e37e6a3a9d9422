from typing import Any

from django import template
from django.forms import BaseForm, BoundField
from django.utils.html import format_html

register = template.Library()


@register.simple_tag
def only_with(form: BaseForm, field: BoundField) -> Any:
    """What journeys.js reads: with which answers to which other field this one makes sense."""
    rule = getattr(form, "only_with", {}).get(field.name)
    if not rule:
        return ""
    other, *values = rule
    return format_html(' data-with="{}" data-values="{}"', other, " ".join(map(str, values)))
