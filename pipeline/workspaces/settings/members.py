"""The members' pages: who is in, as what, and who no longer."""

import logging
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from pipeline.workspaces.joining import awaits_password, password_link, send_invitation
from pipeline.workspaces.memberships import LastOwner, deactivate, reactivate
from pipeline.workspaces.models import Membership
from pipeline.workspaces.requests import MemberRequest

from .access import owners_only
from .member_forms import MemberForm, NewMemberForm

log = logging.getLogger(__name__)
SEE_TO_IT = "The e-mail could not be sent. Give {} the link on this page yourself."


def member_of(request: MemberRequest, pk: int) -> Membership:
    members = Membership.objects.select_related("user", "workspace")
    return get_object_or_404(members, pk=pk, workspace=request.user.membership.workspace_id)


@require_safe
@owners_only
def members(request: MemberRequest) -> HttpResponse:
    everybody = Membership.objects.filter(workspace=request.user.membership.workspace_id)
    shown = everybody.select_related("user").prefetch_related("openings")
    by_name = shown.order_by("-user__is_active", "user__first_name", "user__last_name", "pk")
    return render(request, "settings/members.html", {"members": by_name})


@require_http_methods(["GET", "HEAD", "POST"])
@owners_only
def add_member(request: MemberRequest) -> HttpResponse:
    workspace = request.user.membership.workspace
    form = NewMemberForm(request.POST or None, workspace=workspace)
    if request.method == "POST" and form.is_valid():
        member = form.join(workspace, by=request.user)
        if member:
            invite_by_mail(request, member)
            return redirect("settings:member", pk=member.pk)
    status = 422 if form.errors else 200
    return render(request, "settings/member_add.html", {"form": form}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@owners_only
def member(request: MemberRequest, pk: int) -> HttpResponse:
    """One member; who has no password yet, with the link to choose one."""
    found = member_of(request, pk)
    form = MemberForm(request.POST or None, instance=found, workspace=found.workspace)
    if request.method == "POST" and form.is_valid() and form.apply(by=request.user):
        messages.success(request, f"{found.user} is saved.")
        is_me_no_more = found.user_id == request.user.pk and not form.instance.is_owner
        return redirect(settings.LOGIN_REDIRECT_URL if is_me_no_more else "settings:members")
    context: dict[str, Any] = {"form": form, "member": found}
    if awaits_password(found.user):
        context |= {"link": password_link(request, found.user), "days": days_of_a_link()}
    return render(request, "settings/member.html", context, status=422 if form.errors else 200)


@require_POST
@owners_only
def invite(request: MemberRequest, pk: int) -> HttpResponse:
    """Mail the link to choose a password once more."""
    found = member_of(request, pk)
    if awaits_password(found.user):
        invite_by_mail(request, found)
    return redirect("settings:member", pk=pk)


@require_POST
@owners_only
def set_active(request: MemberRequest, pk: int, is_active: bool) -> HttpResponse:
    """Deactivate or reactivate; not the operator's people, whose login is not the owner's."""
    found = member_of(request, pk)
    if found.user.is_staff or found.user.is_superuser:
        messages.error(request, f"{found.user} runs this Belay: only the admin site can do that.")
        return redirect("settings:member", pk=pk)
    try:
        (reactivate if is_active else deactivate)(found, by=request.user)
    except LastOwner as last:
        messages.error(request, str(last))
        return redirect("settings:member", pk=pk)
    messages.success(request, f"{found.user} is {'active again' if is_active else 'deactivated'}.")
    return redirect("settings:members")


def invite_by_mail(request: MemberRequest, member: Membership) -> None:
    try:
        send_invitation(member, request.user, password_link(request, member.user))
    except Exception:  # each mail backend has its own errors, and none undoes what was saved
        log.exception("No invitation for member %s", member.pk)
        messages.warning(request, SEE_TO_IT.format(member.user))
    else:
        messages.success(request, f"{member.user.email} was sent a link to choose a password.")


def days_of_a_link() -> int:
    return int(settings.PASSWORD_RESET_TIMEOUT // 86_400)
