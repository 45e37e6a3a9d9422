"""The page that a reviewer sees: candidates to judge, with what was chosen to be shown of them."""

import re
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from pipeline.candidates.models.share import Share

from .links import share_of
from .shown import details_of

PAGE = 50


@login_not_required
@require_safe
@never_cache
def shared(request: HttpRequest, token: str) -> HttpResponse:
    """One page of what the link shows; without a login, and the same for everybody."""
    request.user = AnonymousUser()  # a member's own bars and panels have no place here
    share = share_of(token)
    if share is None:
        return answer(request, "candidates/share_ended.html", {"is_broken": True}, status=404)
    if not share.is_open or share.why_closed:
        return answer(request, "candidates/share_ended.html", {"share": share}, status=410)
    if not share.still_there.exists():
        context = {"share": share, "is_empty": True, "hidden": share.hidden()}
        return answer(request, "candidates/share_ended.html", context, status=410)
    with timezone.override(share.workspace.tz):
        return answer(request, "candidates/shared.html", page_of(share, request.GET.get("after")))


def answer(
    request: HttpRequest, template: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    """Render a page that search engines don't index and whose address other sites don't learn."""
    response = render(request, template, context, status=status)
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Referrer-Policy"] = "no-referrer"
    return response


def page_of(share: Share, after: str | None) -> dict[str, Any]:
    """Return the candidates after the id `after`, or the first ones when it isn't an id."""
    candidates = share.still_there.select_related("opening", "folder", "recruiter__user")
    candidates = candidates.prefetch_related("labels")
    is_later = bool(after and re.fullmatch(r"\d{1,18}", after, re.ASCII))
    if after and is_later:
        candidates = candidates.filter(pk__gt=int(after))
    some = list(candidates[: PAGE + 1])
    return {
        "share": share,
        "total": share.still_there.count(),
        "hidden": share.hidden(),
        "people": [(candidate, list(details_of(candidate, share))) for candidate in some[:PAGE]],
        "next": some[PAGE - 1].pk if len(some) > PAGE else None,
        "is_later_page": is_later,
    }
