"""Stopping an action: the question, and the truth as its answer."""

from typing import cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods
from django_htmx.http import reswap, retarget, trigger_client_event

from pipeline.workspaces.models import User

from .models import BulkAction
from .progress import Progress


@require_http_methods(["GET", "POST"])
@never_cache
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """GET asks, POST cancels. Whoever sees the action may, whatever the role."""
    action = get_object_or_404(BulkAction.objects.visible_to(request.user).for_rows(), pk=pk)
    is_htmx = request.headers.get("HX-Request") == "true"
    if request.method == "GET":
        template = "_cancel_dialog.html" if is_htmx else "cancel.html"
        return render(request, f"bulk_actions/{template}", {"action": action})
    is_mine = action.cancel(by=cast("User", request.user))
    return answer_htmx(request, action, is_mine) if is_htmx else answer(request, action, is_mine)


def answer(request: HttpRequest, action: BulkAction, is_mine: bool) -> HttpResponse:
    progress = Progress(action)
    sentence = progress.ended_sentence if is_mine else progress.already_sentence
    messages.add_message(request, messages.SUCCESS if is_mine else messages.WARNING, sentence)
    return HttpResponseRedirect(action.get_absolute_url(), status=303)


def answer_htmx(request: HttpRequest, action: BulkAction, is_mine: bool) -> HttpResponse:
    """The row as it is now; and for who came too late, in the dialog, what came first."""
    row = render_to_string("bulk_actions/_row.html", {"action": action, "oob": True})
    if is_mine:
        return trigger_client_event(HttpResponse(row), "closeDialog")
    truth = render_to_string("bulk_actions/_cancel_dialog.html", {"action": action})
    return reswap(retarget(HttpResponse(truth + row), "#dialog"), "innerHTML")
