"""The members' pages: who is in, as what, and who no longer."""

import logging
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from pipeline.foundation.quotas import QuotaReached
from pipeline.workspaces import invitations
from pipeline.workspaces.access import owners_only
from pipeline.workspaces.joining import DAYS, HasPassword, awaits_password, send_invitation
from pipeline.workspaces.memberships import LastOwner, deactivate, reactivate
from pipeline.workspaces.models import Membership
from pipeline.workspaces.models.audit import record
from pipeline.workspaces.requests import MemberRequest
from pipeline.workspaces.restores.detection import holds_messages

from .member_forms import MemberForm, NewMemberForm

log = logging.getLogger(__name__)
ON_HOLD = (
    "Messages are on hold after a restore, so no link was sent to {}. Send it from "
    "this page once messages are released."
)
WRITTEN_DOWN = (
    "pipeline.outreach.senders.outbox.OutboxBackend",
    "django.core.mail.backends.console.EmailBackend",
)
NO_MAIL_SERVER = (
    "Belay has no mail server yet, so the e-mail to {} was only logged, not sent. "
    "Ask your Belay administrator to connect one."
)
NOT_SENT = (
    "The e-mail with the link could not be sent to {}. Send it again from this page. "
    "If that fails too, tell your Belay administrator."
)


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
    """One member; who has no password yet can be sent another link to choose one."""
    found = member_of(request, pk)
    form = MemberForm(request.POST or None, instance=found, workspace=found.workspace)
    if request.method == "POST" and form.is_valid() and form.apply(by=request.user):
        messages.success(request, _("Saved the changes to %(user)s.") % {"user": found.user})
        tell_of_export(request, form.cleaned_data["can_export"], member_of(request, pk))
        is_me_no_more = found.user_id == request.user.pk and not form.instance.is_owner
        return redirect(settings.LOGIN_REDIRECT_URL if is_me_no_more else "settings:members")
    context: dict[str, Any] = {"form": form, "member": found, "days": DAYS}
    context["awaits_password"] = awaits_password(found.user)
    return render(request, "settings/member.html", context, status=422 if form.errors else 200)


def tell_of_export(request: MemberRequest, ticked: bool, member: Membership) -> None:
    """Warn when the role, not the tick, decides whether the member may export."""
    if member.can_export != ticked:
        may = "can" if member.can_export else "can’t"
        role = member.get_role_display()
        messages.warning(
            request,
            _("%(user)s %(may)s export because of the role %(role)s.")
            % {"user": member.user, "may": may, "role": role},
        )


@require_POST
@owners_only
def invite(request: MemberRequest, pk: int) -> HttpResponse:
    """Mail another link to choose a password; the one before it ends."""
    found = member_of(request, pk)
    if awaits_password(found.user):
        try:
            invitations.record_another(found, request.user)
        except QuotaReached as reason:
            messages.error(request, str(reason))
        else:
            if not invite_by_mail(request, found):
                record(found.workspace, request.user, invitations.NOT_SENT, invitations.to(found))
    return redirect("settings:member", pk=pk)


@require_POST
@owners_only
def set_active(request: MemberRequest, pk: int, is_active: bool) -> HttpResponse:
    """Deactivate or reactivate a member, unless the login belongs to the operator's staff."""
    found = member_of(request, pk)
    if found.user.is_staff or found.user.is_superuser:
        messages.error(
            request,
            _("%(user)s is a Belay administrator. Only the admin site can do this.")
            % {"user": found.user},
        )
        return redirect("settings:member", pk=pk)
    try:
        (reactivate if is_active else deactivate)(found, by=request.user)
    except LastOwner as last:
        messages.error(request, str(last))
        return redirect("settings:member", pk=pk)
    messages.success(request, f"{found.user} is {'active again' if is_active else 'deactivated'}.")
    return redirect("settings:members")


def invite_by_mail(request: MemberRequest, member: Membership) -> bool:
    """Mail the link. Returns whether it was sent; the next page says what to do if not."""
    if holds_messages(member.workspace_id):
        messages.warning(request, ON_HOLD.format(member.user))
        return False
    try:
        send_invitation(request, member, request.user)
    except HasPassword:
        messages.success(
            request, _("%(user)s has already chosen a password.") % {"user": member.user}
        )
        return False
    except Exception:  # each mail backend has its own errors, and none undoes what was saved
        log.exception("No invitation for member %s", member.pk)
        messages.warning(request, NOT_SENT.format(member.user.email))
        return False
    if settings.EMAIL_BACKEND in WRITTEN_DOWN:
        messages.warning(request, NO_MAIL_SERVER.format(member.user))
    else:
        messages.success(request, f"{member.user.email} was sent a link to choose a password.")
    return True
