"""The owner's page about inbound events: who may send them, what came, and how to send them."""

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from pipeline.foundation import database_clock
from pipeline.tasks.models.inbound_event import ApiToken, InboundEvent
from pipeline.workspaces.access import owners_only
from pipeline.workspaces.requests import MemberRequest

from .documentation import documented

NEWEST = 50


class TokenForm(forms.ModelForm[ApiToken]):
    class Meta:
        model = ApiToken
        fields = ("name",)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@owners_only
def tokens(request: MemberRequest) -> HttpResponse:
    """The answer to a POST is the only page that ever shows the new token."""
    workspace = request.user.membership.workspace
    form = TokenForm(request.POST if request.method == "POST" else None)
    secret = ""
    if form.is_valid():
        _, secret = ApiToken.objects.issue(workspace, form.cleaned_data["name"], request.user)
        form = TokenForm()
    events = InboundEvent.objects.visible_to(request.user)
    context = {
        "form": form,
        "secret": secret,
        "tokens": ApiToken.objects.visible_to(request.user).select_related("created_by"),
        "events": events.select_related("candidate", "task", "token").defer(
            "candidate__attributes"
        )[:NEWEST],
        "region": workspace.phone_region,
        "address": request.build_absolute_uri(reverse("events:receive")),
        "documented": documented(timezone.localtime(database_clock.now())),
    }
    status = 422 if form.errors else 200
    return render(request, "tasks/events/tokens.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@owners_only
def revoke(request: MemberRequest, pk: int) -> HttpResponse:
    """GET says what stops, POST revokes it."""
    visible = ApiToken.objects.visible_to(request.user).select_related("workspace")
    token = get_object_or_404(visible, pk=pk)
    if request.method == "POST":
        revoked = token.revoke(by=request.user)
        outcome = "is revoked" if revoked else gettext("was already revoked")
        messages.success(request, f"The token {token} {outcome}. Its events are refused.")
        return redirect("events:tokens")
    name = "_revoke" if request.htmx else "revoke"
    return render(request, f"tasks/events/{name}.html", {"token": token})
