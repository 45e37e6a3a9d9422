"""What the background work could not do, on the page of what it is about."""

from typing import Any

from django import template

from pipeline.workspaces.models.setback import Setback

register = template.Library()
MOST = 5  # on one page


@register.inclusion_tag("workspaces/_setbacks.html", takes_context=True)
def setbacks(context: dict[str, Any]) -> dict[str, Any]:
    """Show the setbacks of the member's workspace that belong to this page's address."""
    request = context["request"]
    found = Setback.objects.shown_at(request.user.membership.workspace_id, request.path)
    return {"setbacks": found[:MOST], "user": request.user}
