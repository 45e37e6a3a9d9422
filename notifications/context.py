from typing import Any

from django.http import HttpRequest

from pipeline.workspaces.models import membership_of

from .panel import Panel


def panel(request: HttpRequest) -> dict[str, Any]:
    """`panel` for the base page; nothing is fetched for a template that doesn't show it."""
    user = getattr(request, "user", None)
    membership = membership_of(user) if user else None
    return {"panel": Panel(user, membership)} if membership else {}
