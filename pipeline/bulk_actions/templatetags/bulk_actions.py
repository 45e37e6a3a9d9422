"""What pages of other rooms show of bulk actions without importing this room."""

from typing import Any

from django import template

from pipeline.bulk_actions.operations import OPERATIONS, Operation
from pipeline.workspaces.models import membership_of

register = template.Library()


@register.simple_tag(takes_context=True)
def operations_to_start(context: dict[str, Any]) -> list[type[Operation]]:
    """The operations that the page's user may order; none for a role that starts nothing."""
    membership = membership_of(context["user"])
    return list(OPERATIONS.values()) if membership and membership.can_start else []
