"""What became of one bulk action, on a page and as downloads."""

from collections.abc import Iterator
from typing import Any

from django.http import Http404, HttpResponse, HttpResponseBadRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.text import slugify
from django.views.decorators.http import require_safe

from pipeline.bulk_actions import followups
from pipeline.bulk_actions.models import BulkAction
from pipeline.bulk_actions.progress import Progress
from pipeline.bulk_actions.seen import partly, seen_by
from pipeline.candidates.sight import sight_of
from pipeline.foundation.exports.csv_export import CsvResponse
from pipeline.workspaces.access import exporters_only
from pipeline.workspaces.download_audit import recorded
from pipeline.workspaces.requests import MemberRequest

from .outcome_lists import REASONS_FROM, TOLD_WHY, OutcomeList, Part, Which, first_list, list_named

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
    """The action's header and one page of one of its lists; both keep themselves up to date."""
    action = visible_action(request, pk)
    shown = seen_by(sight_of(request.user), action)
    which = list_named(request.GET.get("result") or first_list(shown))
    if which is None:
        raise Http404("There is no such list.")
    text = request.GET.get("q", "").strip()
    after = request.GET.get("after", "")
    outcomes = OutcomeList(action, which, request.user, text)
    page = outcomes.page(after)
    context = {
        "action": shown,
        "which": which,
        "text": text,
        "page": page,
        "is_later_page": bool(after),
        "reasons": outcomes.reasons() if which in TOLD_WHY and not (after or text) else [],
        "is_too_many": getattr(shown, which, 0) > REASONS_FROM,
        "verb": Progress(action).verb,
        "reasons_from": REASONS_FROM,
        "is_limited": request.user.membership.is_limited,
    } | followups.context(shown, request.user)
    return render(request, "bulk_actions/review.html", context)


@require_safe
@exporters_only
def outcomes_csv(request: MemberRequest, pk: int) -> HttpResponseBase:
    """The whole of one list, as CSV, with times in the workspace's time zone."""
    action = visible_action(request, pk)
    which = list_named(request.GET.get("result", ""))
    if which is None:
        return HttpResponseBadRequest(
            f"Add ?result= with one of: {', '.join(Which.values)}.", content_type="text/plain"
        )
    title = slugify(partly(sight_of(request.user), action).title)[:60]
    name = f"bulk-action-{action.pk}-{title}-{which}.csv"
    rows = recorded(
        request,
        f"{action.title}: {which.label.lower()}",
        action.get_absolute_url(),
        csv_rows(OutcomeList(action, which, request.user)),
        # A limited member's are a part, and those of an active action grow.
        None if request.user.membership.is_limited or action.is_active else number(action, which),
    )
    return CsvResponse(name, HEADINGS, rows)


def number(action: BulkAction, which: Which | Part) -> int:
    if which == Which.DONE:
        return action.changed + action.unchanged
    return int(getattr(action, which))


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
