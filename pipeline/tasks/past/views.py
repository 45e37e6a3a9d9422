"""The past tasks, for support staff: a list, a file, and each task's own history."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from pipeline.tasks.models import Task
from pipeline.tasks.models.saved_filter import SavedFilter
from pipeline.tasks.models.states import State
from pipeline.workspaces.requests import MemberRequest

from .filters import PastFilter
from .history import steps_of
from .paging import Cursor, Page

TABS = {"": "All", State.COMPLETED.value: "Completed", State.CANCELED.value: "Canceled"}


# Of the columns of a tab: when and why its tasks ended, and whether it has canceled ones.
HEADINGS = {
    "": {"ended": "Ended", "why": "Disposition or reason", "has_canceled": True},
    State.COMPLETED: {"ended": "Completed", "why": "Disposition", "has_canceled": False},
    State.CANCELED: {"ended": "Canceled", "why": "Reason", "has_canceled": True},
}


@require_safe
@vary_on_headers("HX-Request")
def past_list(request: MemberRequest) -> HttpResponse:
    filters = PastFilter(request.GET, request.user)
    page = Page(filters, Cursor.from_data(request.GET))
    saved = list(SavedFilter.objects.visible_to(request.user))
    asked = request.GET.urlencode() if filters.errors else filters.query
    context = {
        "filters": filters,
        "chosen": filters.chosen,
        "page": page,
        "tabs": [(state, label, filters.query_with_state(state)) for state, label in TABS.items()],
        "state": filters.chosen.get("state", ""),
        "headings": HEADINGS[filters.chosen.get("state", "")],
        "saved": saved,
        "open": next((kept for kept in saved if kept.query == asked), None),
        "address": reverse("past:list"),
    }
    if request.htmx:
        response = render(request, "tasks/_past.html", context)
        query = page.query if filters.is_valid() else asked
        response["HX-Push-Url"] = f"{context['address']}?{query}".rstrip("?")
        return response
    return render(request, "tasks/past.html", context)


@require_safe
def history(request: MemberRequest, pk: int) -> HttpResponse:
    """One task's own page, whatever its state."""
    task = get_object_or_404(Task.objects.visible_to(request.user).for_rows(), pk=pk)
    context = {
        "task": task,
        "steps": steps_of(task),
        "sees_bulk_actions": not request.user.membership.is_limited,
    }
    return render(request, "tasks/past_history.html", context)
