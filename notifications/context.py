from functools import partial
from typing import Any

from django.http import HttpRequest

from pipeline.outreach.limits import alerts
from pipeline.workspaces.models import membership_of

from .bell import Bell
from .panel import Panel


def panel(request: HttpRequest) -> dict[str, Any]:
    """`panel`, `bell` and, for who manages the workspace, `limit_alerts` for the base page.

    Nothing is fetched for a template that doesn't show them.
    """
    # An error page may be rendered before the middleware has set a user.
    membership = membership_of(request.user) if hasattr(request, "user") else None
    if membership is None:
        return {}
    shown: dict[str, Any] = {
        "panel": Panel(membership.user, membership),
        "bell": Bell(membership.user),
    }
    if membership.can_manage:
        shown["limit_alerts"] = partial(alerts, membership.workspace)
    return shown
