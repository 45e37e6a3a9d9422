"""`{% with progress=action|progress %}`: a bulk action's numbers and sentences in a template."""

from django import template

from ..models import BulkAction
from ..progress import Progress

register = template.Library()


@register.filter
def progress(action: BulkAction) -> Progress:
    return Progress(action)
