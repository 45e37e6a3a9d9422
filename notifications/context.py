from typing import Any

from django.http import HttpRequest

from pipeline.workspaces.models import membership_of

from .bell import Bell
from .panel import Panel


def panel(request: HttpRequest) -> dict[str, Any]:
    """`panel` and `bell` for the base page.

    Nothing is fetched for a template that doesn't show them.
    """
    # An error page may be rendered before the middleware has set a user.
    membership = membership_of(request.user) if hasattr(request, "user") else None
    if membership is None:
        return {}
    return {"panel": Panel(membership.user, membership), "bell": Bell(membership.user)}
