"""Ordering a bulk action, and the history of those that were ordered."""

import uuid
from functools import wraps

from django.http import HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import trigger_client_event

from pipeline.bulk_actions.engine.start import NothingSelected, start_bulk_action
from pipeline.bulk_actions.followups import NotOnOffer
from pipeline.bulk_actions.models import BulkAction
from pipeline.bulk_actions.seen import all_seen_by
from pipeline.candidates.sight import sight_of
from pipeline.foundation.paging.newest_first import page_of
from pipeline.foundation.quotas import QuotaReached
from pipeline.workspaces.access import NotAllowed, View, starters
from pipeline.workspaces.requests import MemberRequest

from .history_filter import HistoryFilter
from .start_form import ConfirmForm, Order

PAGE = 50
starters_only = starters("Starting a bulk action")


def with_refusals(view: View) -> View:
    """Answer with the reason where a follow-up is not on offer (any more).

    In the dialog also where the order takes a right that the member lacks.
    """

    @wraps(view)
    def guarded(request: MemberRequest) -> HttpResponseBase:
        try:
            return view(request)
        except NotOnOffer as reason:
            return refused(request, str(reason))
        except NotAllowed as reason:
            if not request.htmx:
                raise
            return refused(request, str(reason))

    return guarded


@require_http_methods(["GET", "HEAD", "POST"])
def index(request: MemberRequest) -> HttpResponseBase:
    """The history; by POST, one more action in it."""
    return start(request) if request.method == "POST" else history(request)


@require_http_methods(["GET", "POST"])  # a picked selection can be too long for an address
@starters_only
@with_refusals
def new(request: MemberRequest) -> HttpResponse:
    """The dialog before a start; posted again whenever its options change, for a new preview."""
    order = Order(request.user, request.POST if request.method == "POST" else request.GET)
    return dialog(request, order, ConfirmForm(order=order))


@require_POST
@starters_only
@with_refusals
def start(request: MemberRequest) -> HttpResponse:
    """Start what the dialog holds. The same one-time key again answers with the same action."""
    action = started_with_key(request)
    if action is not None:
        return started(request, action)
    order = Order(request.user, request.POST, is_given=True)
    confirm = ConfirmForm(request.POST, order=order)
    if confirm.is_valid() and order.operation:
        try:
            action, _ = start_bulk_action(
                user=request.user,
                operation=order.operation,
                candidates=order.selection.candidates,
                key=confirm.cleaned_data["key"],
                follows=order.following.action if order.following else None,
                follow_up=order.following.follow_up if order.following else None,
            )
            return started(request, action)
        except (NothingSelected, QuotaReached) as reason:
            confirm.add_error(None, str(reason))
    # 200 for htmx: a browser reports any other answer to a script as an error in its console.
    return dialog(request, order, confirm, status=200 if request.htmx else 422)


def started_with_key(request: MemberRequest) -> BulkAction | None:
    """What this user's first press of the same button made: a double click is no mistake."""
    try:
        key = uuid.UUID(request.POST.get("key", ""))
    except ValueError:
        return None
    own = BulkAction.objects.visible_to(request.user).filter(started_by=request.user)
    return own.filter(key=key).first()


def dialog(
    request: MemberRequest, order: Order, confirm: ConfirmForm, status: int = 200
) -> HttpResponse:
    template = "bulk_actions/_dialog_new.html" if request.htmx else "bulk_actions/new.html"
    return render(request, template, {"order": order, "confirm": confirm}, status=status)


def refused(request: MemberRequest, reason: str) -> HttpResponse:
    template = "bulk_actions/_refused.html" if request.htmx else "bulk_actions/refused.html"
    return render(request, template, {"reason": reason}, status=200 if request.htmx else 409)


def started(request: MemberRequest, action: BulkAction) -> HttpResponse:
    """Close the dialog and open the panel, where the new row arrives; or go to the review."""
    if not request.htmx:
        return HttpResponseRedirect(action.get_absolute_url(), status=303)
    response = HttpResponse(status=204)
    for event in ("closeDialog", "bulkActionStarted", "openPanel"):
        trigger_client_event(response, event, {"action": action.pk})
    return response


def history(request: MemberRequest) -> HttpResponse:
    """Newest first, filtered."""
    actions = BulkAction.objects.visible_to(request.user).for_rows()
    narrowed = HistoryFilter(request.GET, queryset=actions, request=request)
    page = page_of(narrowed.qs, request.GET, PAGE)
    shown = all_seen_by(sight_of(request.user), page.rows)
    context = {
        "filter": narrowed,
        "actions": shown,
        "is_partly": any(action.whole for action in shown),
        **page.links,
    }
    return render(request, "bulk_actions/history.html", context)
