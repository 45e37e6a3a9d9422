"""Who may send a large file: asked before it is taken, so before there is a request."""

from importlib import import_module

from django.conf import settings
from django.contrib.auth import get_user
from django.db import close_old_connections
from django.http import HttpRequest, parse_cookie

from pipeline.workspaces.models import User, membership_of


def may_upload(cookies: str) -> bool:
    """Whether these are the cookies of a member who may start imports.

    Blocks while it asks the database, and raises what that raises.
    """
    key = parse_cookie(cookies).get(settings.SESSION_COOKIE_NAME)
    if not key:
        return False
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(key)
    try:
        user = get_user(request)
        membership = membership_of(user) if isinstance(user, User) else None
        return membership is not None and membership.can_start
    finally:
        close_old_connections()
