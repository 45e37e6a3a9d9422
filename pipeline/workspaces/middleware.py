"""Every page needs a member unless it says otherwise, and speaks in the workspace's time."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware as DjangoLoginRequired
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import resolve_url
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.http import url_has_allowed_host_and_scheme

from .access import refusal
from .client_address import client_address
from .models import User, membership_of
from .models.audit import origin, request_now

CACHE = "Cache-Control"
NO_WORKSPACE = (
    "You are logged in as {}. Ask an Owner of your workspace to add you, then reload this page."
)


class LoginRequiredMiddleware(DjangoLoginRequired):
    def process_view(
        self,
        request: HttpRequest,
        view_func: Callable[..., Any],
        view_args: tuple[Any, ...],
        view_kwargs: dict[str, Any],
    ) -> HttpResponseBase | None:
        to_login = super().process_view(request, view_func, view_args, view_kwargs)
        if to_login or membership_of(request.user) or not needs_membership(request, view_func):
            return to_login
        assert isinstance(request.user, User)  # not refused
        why = NO_WORKSPACE.format(request.user.email)
        return refusal(request, why, title="You don’t belong to a workspace yet")

    def handle_no_permission(  # type: ignore[override]
        self, request: HttpRequest, view_func: Callable[..., Any]
    ) -> HttpResponseBase:
        """To the login page; an htmx request is told to go there, or it would swap it in."""
        if request.headers.get("HX-Request") == "true":
            return HttpResponse(headers={"HX-Redirect": login_and_back(request)})
        return super().handle_no_permission(request, view_func)


def needs_membership(request: HttpRequest, view_func: Callable[..., Any]) -> bool:
    """Whether the page needs a member: all with a login but the logout and the admin site."""
    match = request.resolver_match
    if match is None or match.route.startswith("admin/"):
        return False
    return getattr(view_func, "login_required", True) and match.url_name != "logout"


def login_and_back(request: HttpRequest) -> str:
    """The login page's address, which leads back to the page that was open, not to the fragment."""
    login = resolve_url(settings.LOGIN_URL)
    page = request.headers.get("HX-Current-URL", "")
    if not url_has_allowed_host_and_scheme(page, {request.get_host()}):
        return login
    back = urlsplit(page)._replace(scheme="", netloc="", fragment="").geturl()
    return f"{login}?{urlencode({'next': back})}"


class WorkspaceTimeZoneMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        membership = membership_of(request.user)
        if membership is None:
            return self.get_response(request)
        with timezone.override(membership.workspace.tz):
            return self.get_response(request)


class NoStoreMiddleware:
    """Keeps what was seen out of every cache, unless the view says otherwise: Back asks for the
    page anew, and after a logout leads to nobody's data.

    All that is answered, downloads and refused forms too, and without asking who it is for: that
    may not be known while the database is away. Static files come before.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not response.has_header(CACHE):
            add_never_cache_headers(response)
        return response


class OriginMiddleware:
    """Lets the audit know where a request came from."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = origin.set(client_address(request))
        request_token = request_now.set(request)
        try:
            return self.get_response(request)
        finally:
            origin.reset(token)
            request_now.reset(request_token)
