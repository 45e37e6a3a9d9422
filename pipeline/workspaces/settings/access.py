"""Who may open a settings page. The others read whom to ask."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render

from pipeline.workspaces.models import Membership, Role
from pipeline.workspaces.requests import MemberRequest

NO_EXPORT = "You don’t have the right to export, so you can’t download lists or files."
View = Callable[..., HttpResponseBase]


def owners_only(view: View) -> View:
    """403 for members who are no Owner."""
    return only_for(lambda member: member.is_owner, "Settings take an Owner", view)


def auditors_only(view: View) -> View:
    """403 for members who may not read the audit."""
    return only_for(lambda member: member.can_audit, "The audit takes an Owner or Admin", view)


def exporters_only(view: View) -> View:
    """403 for members who may not download lists."""

    @wraps(view)
    def guarded(request: MemberRequest, *args: Any, **values: Any) -> HttpResponseBase:
        if request.user.membership.can_export:
            return view(request, *args, **values)
        return refusal(request, NO_EXPORT)

    return guarded


def only_for(may: Callable[[Membership], bool], sentence: str, view: View) -> View:
    @wraps(view)
    def guarded(request: MemberRequest, **values: Any) -> HttpResponseBase:
        if may(request.user.membership):
            return view(request, **values)
        return refusal(request, f"{sentence}, and you are {role_of(request)}.")

    return guarded


def role_of(request: MemberRequest) -> str:
    return request.user.membership.get_role_display()


def refusal(request: MemberRequest, sentence: str) -> HttpResponse:
    members = Membership.objects.filter(workspace=request.user.membership.workspace_id)
    owners = members.filter(role=Role.OWNER, user__is_active=True).select_related("user")
    context = {"sentence": sentence, "owners": owners.order_by("pk")[:5]}
    return render(request, "settings/forbidden.html", context, status=403)
