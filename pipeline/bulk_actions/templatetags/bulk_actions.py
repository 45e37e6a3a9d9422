"""`{% with progress=action|progress %}`: a bulk action's numbers and sentences in a template."""

from django import template

from pipeline.bulk_actions.models import BulkAction
from pipeline.bulk_actions.progress import Progress

register = template.Library()


@register.filter
def progress(action: BulkAction) -> Progress:
    return Progress(action)
