from typing import Any

from django.http import HttpRequest

from pipeline.workspaces.models import membership_of

from .panel import Panel


def panel(request: HttpRequest) -> dict[str, Any]:
    """`panel` for the base page; nothing is fetched for a template that doesn't show it."""
    # An error page may be rendered before the middleware has set a user.
    membership = membership_of(request.user) if hasattr(request, "user") else None
    return {"panel": Panel(membership.user, membership)} if membership else {}
