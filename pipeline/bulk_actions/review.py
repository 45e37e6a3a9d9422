"""What became of one bulk action, on a page and as downloads."""

from collections.abc import Iterator
from typing import Any

from django.http import Http404, HttpResponse, HttpResponseBadRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.text import slugify
from django.views.decorators.http import require_safe
from django_htmx.http import trigger_client_event

from pipeline.workspaces.csv_export import CsvResponse
from pipeline.workspaces.requests import MemberRequest

from . import followups
from .lists import REASONS_FROM, OutcomeList, Which, first_list
from .models import BulkAction

HEADINGS = (
    "Candidate id",
    "Name",
    "E-mail",
    "Phone",
    "Opening",
    "Folder now",
    "Before",
    "Result",
    "Reason",
    "Time",
)


def visible_action(request: MemberRequest, pk: int) -> BulkAction:
    """Raises Http404 for one that is not there for this user."""
    return get_object_or_404(BulkAction.objects.visible_to(request.user).for_rows(), pk=pk)


@require_safe
def review(request: MemberRequest, pk: int) -> HttpResponse:
    """The action's header, which keeps itself up to date, and one page of one of its lists."""
    action = visible_action(request, pk)
    which = request.GET.get("result") or first_list(action)
    if which not in Which:
        raise Http404("There is no such list.")
    text = request.GET.get("q", "").strip()
    after = request.GET.get("after", "")
    outcomes = OutcomeList(action, Which(which), request.user, text)
    page = outcomes.page(after)
    context = {
        "action": action,
        "which": which,
        "text": text,
        "page": page,
        "is_later_page": bool(after),
        "is_growing": action.is_active and not after and not text and not page.next,
        "reasons": outcomes.reasons() if which == Which.FAILED and not (after or text) else [],
        "reasons_from": REASONS_FROM,
        "is_limited": request.user.membership.is_limited,
    } | followups.context(action, request.user)
    template = "_outcomes.html" if request.htmx.target == "outcomes" else "review.html"
    return render(request, f"bulk_actions/{template}", context)


@require_safe
def summary(request: MemberRequest, pk: int) -> HttpResponse:
    """The header of the review alone; it asks for itself again for as long as the action runs.

    Each answer tells the page's list that something may have moved, and the last one that it ended.
    """
    action = visible_action(request, pk)
    context = {"action": action} | followups.context(action, request.user)
    response = render(request, "bulk_actions/_summary.html", context)
    event = "bulkActionMoved" if action.is_active else "bulkActionEnded"
    return trigger_client_event(response, event, after="swap")


@require_safe
def outcomes_csv(request: MemberRequest, pk: int) -> HttpResponseBase:
    """The whole of one list, as CSV, with times in the workspace's time zone."""
    action = visible_action(request, pk)
    which = request.GET.get("result", "")
    if which not in Which:
        return HttpResponseBadRequest(
            f"Add ?result= with one of: {', '.join(Which.values)}.", content_type="text/plain"
        )
    name = f"bulk-action-{action.pk}-{slugify(action.title)[:60]}-{which}.csv"
    return CsvResponse(name, HEADINGS, csv_rows(OutcomeList(action, Which(which), request.user)))


def csv_rows(outcomes: OutcomeList) -> Iterator[list[Any]]:
    zone = outcomes.action.workspace.tz
    for row in outcomes:
        candidate = row.candidate
        yield [
            row.candidate_id,
            candidate.full_name if candidate else "deleted candidate",
            candidate.email if candidate else "",
            candidate.phone if candidate else "",
            candidate.opening.name if candidate else "",
            candidate.folder.name if candidate else "",
            row.before,
            row.result_text,
            row.reason,
            timezone.localtime(row.at, zone).strftime("%Y-%m-%d %H:%M:%S") if row.at else "",
        ]
