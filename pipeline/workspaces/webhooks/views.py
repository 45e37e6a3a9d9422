"""The pages on which an owner says who is told what."""

import json
from contextlib import suppress
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from pipeline.foundation.commits import after_commit
from pipeline.foundation.encryption import Unreadable
from pipeline.workspaces.access import owners_only
from pipeline.workspaces.models.audit import record
from pipeline.workspaces.models.setback import Setback
from pipeline.workspaces.models.webhook import ROTATION, WebhookEndpoint
from pipeline.workspaces.models.webhook_events import EVENTS, TEST, Event
from pipeline.workspaces.requests import MemberRequest

from .forms import EndpointForm
from .health import is_nobody_sending
from .outbox import put_for
from .retries import waits_in_words
from .waking import wake

# In the session of whoever made a secret: for which webhook the next page shows it.
SHOW_ONCE = "webhooks.show_once"


def one_of(request: MemberRequest, pk: int) -> WebhookEndpoint:
    visible = WebhookEndpoint.objects.visible_to(request.user).select_related("workspace")
    return get_object_or_404(visible, pk=pk)


@require_safe
@owners_only
def endpoints(request: MemberRequest) -> HttpResponse:
    visible = WebhookEndpoint.objects.visible_to(request.user)
    context = {"endpoints": visible, "is_nobody_sending": is_nobody_sending(visible)}
    return render(request, "webhooks/endpoints.html", context)


def examples() -> list[tuple[str, Event, str]]:
    """Each event's name, what it is, and a message as it is sent."""
    return [
        (name, event, json.dumps(event.message(name), indent=2, ensure_ascii=False))
        for name, event in EVENTS.items()
    ]


@require_safe
@owners_only
def guide(request: MemberRequest) -> HttpResponse:
    """How to receive: for whoever writes the other side."""
    return render(request, "webhooks/guide.html", {"events": examples(), "waits": waits_in_words()})


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@owners_only
def new(request: MemberRequest) -> HttpResponse:
    instance = WebhookEndpoint(workspace=request.user.membership.workspace)
    form = EndpointForm(request.POST or None, instance=instance, initial={"events": list(EVENTS)})
    if request.method == "POST" and form.is_valid():
        endpoint = form.keep(by=request.user)
        request.session[SHOW_ONCE] = endpoint.pk
        messages.success(request, _("Webhook added. Send a test to check that it arrives."))
        return redirect(endpoint)
    status = 422 if form.errors else 200
    return render(request, "webhooks/new.html", {"form": form}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@owners_only
def endpoint(request: MemberRequest, pk: int) -> HttpResponse:
    """One webhook. Its secret is shown once: to the person who made it, on the next page."""
    found = one_of(request, pk)
    form = EndpointForm(request.POST or None, instance=found)
    if request.method == "POST" and form.is_valid():
        form.keep(by=request.user)
        messages.success(request, _("Webhook saved."))
        return redirect(found)
    # What is on the page beside the form is as it is, not as the form would have it.
    context: dict[str, Any] = {"form": form}
    context["endpoint"] = one_of(request, pk) if form.errors else found
    if request.method == "GET" and request.session.get(SHOW_ONCE) == pk:
        with suppress(Unreadable):  # a process that was not told of a new SECRET_KEY yet
            context["secret"] = found.secret
            del request.session[SHOW_ONCE]
    return render(request, "webhooks/endpoint.html", context, status=422 if form.errors else 200)


@require_POST
@owners_only
def test(request: MemberRequest, pk: int) -> HttpResponse:
    """Send an event that tells of nothing; its page says what became of it."""
    found = one_of(request, pk)
    said = {"message": f"{request.user} sent this test from Belay."}
    with transaction.atomic():
        delivery = put_for(found, TEST, said)
    return redirect("webhooks:delivery", pk=delivery)


@require_http_methods(["GET", "HEAD", "POST"])
@owners_only
def rotate(request: MemberRequest, pk: int) -> HttpResponse:
    """GET asks, POST makes a new secret."""
    found = one_of(request, pk)
    hours = round(ROTATION.total_seconds() / 3600)
    if request.method == "POST":
        with transaction.atomic():
            found.rotate()
            note(request, "rotated the secret of the webhook", found)
        request.session[SHOW_ONCE] = pk
        messages.success(
            request,
            _("New secret created. The old one stays valid for %(hours)s more hours.")
            % {"hours": hours},
        )
        return redirect(found)
    context = {
        "title": _("Create a new secret?"),
        "sentence": _(
            "For %(hours)s hours everything is signed with both the old and the new "
            "secret, so that your receiver can switch. After that, the old secret no "
            "longer works."
        )
        % {"hours": hours},
        "address": reverse("webhooks:rotate", args=[pk]),
        "back": found.get_absolute_url(),
        "yes": _("Create a new secret"),
        "no": _("Keep the old secret"),
    }
    return dialog(request, context)


@require_POST
@owners_only
def switch(request: MemberRequest, pk: int, is_active: bool) -> HttpResponse:
    found = one_of(request, pk)
    with transaction.atomic():
        if is_active and found.switch_on():
            Setback.objects.shown_at(found.workspace_id, found.get_absolute_url()).delete()
            note(request, "switched on the webhook", found)
            after_commit(wake)
        elif not is_active and found.switch_off(f"{request.user} switched it off."):
            note(request, "switched off the webhook", found)
    return redirect(found)


@require_http_methods(["GET", "HEAD", "POST"])
@owners_only
def delete(request: MemberRequest, pk: int) -> HttpResponse:
    """GET asks, POST deletes it."""
    found = one_of(request, pk)
    if request.method == "POST":
        with transaction.atomic():
            found.forget()
            record(found.workspace, request.user, "deleted the webhook", found.url)
        messages.success(request, _("Webhook %(found)s deleted.") % {"found": found})
        return redirect("webhooks:endpoints")
    context = {
        "title": f"Delete the webhook “{found}”?",
        "sentence": _(
            "Nothing more will be sent to it, and its deliveries and secret are deleted "
            "too. To stop it for a while, switch it off instead."
        ),
        "address": reverse("webhooks:delete", args=[pk]),
        "back": found.get_absolute_url(),
        "yes": _("Delete webhook"),
        "no": _("Keep webhook"),
    }
    return dialog(request, context)


def dialog(request: MemberRequest, context: dict[str, str]) -> HttpResponse:
    return render(request, f"webhooks/{'_ask' if request.htmx else 'ask'}.html", context)


def note(request: MemberRequest, verb: str, endpoint: WebhookEndpoint) -> None:
    subject = f"{endpoint}: {endpoint.url}" if endpoint.description else endpoint.url
    record(endpoint.workspace, request.user, verb, subject, endpoint.get_absolute_url())
