"""Every page needs a login unless it says otherwise, and speaks in the workspace's time."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware as DjangoLoginRequired
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import resolve_url
from django.utils import timezone

from .models import membership_of


class LoginRequiredMiddleware(DjangoLoginRequired):
    def handle_no_permission(
        self, request: HttpRequest, view_func: Callable[..., Any]
    ) -> HttpResponseBase:
        """To the login page; an htmx request is told to go there, or it would swap it in."""
        if request.headers.get("HX-Request") == "true":
            return HttpResponse(headers={"HX-Redirect": resolve_url(settings.LOGIN_URL)})
        return super().handle_no_permission(request, view_func)


class WorkspaceTimeZoneMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        membership = membership_of(request.user)
        if membership is None:
            return self.get_response(request)
        with timezone.override(membership.workspace.tz):
            return self.get_response(request)
