"""A task made by hand: first for whom, then what."""

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from pipeline.candidates.filters import CandidateFilter
from pipeline.candidates.models import Candidate
from pipeline.candidates.paging import Cursor, Page
from pipeline.foundation.parameters import number_in
from pipeline.workspaces.models import User
from pipeline.workspaces.requests import MemberRequest

from .actions import name_of, workers_only
from .forms import NewTaskForm

SHOWN = 20  # candidates that a search offers


@require_http_methods(["GET", "POST"])
@workers_only
def new(request: MemberRequest) -> HttpResponse:
    """Without `candidate` it asks for one. The same one-time key again leads to the same task."""
    chosen = request.POST.get("candidate") or request.GET.get("candidate", "")
    if not chosen:
        return render(request, "tasks/new_for.html", search(request))
    candidate = get_object_or_404(
        Candidate.objects.visible_to(request.user).select_related("opening", "folder"),
        pk=number_in(chosen) or 0,
    )
    form = NewTaskForm(request.POST or None, request.user, candidate)
    task = form.create_once() if form.is_valid() else None
    if task is None:
        context = {"form": form, "candidate": candidate}
        return render(request, "tasks/new.html", context, status=422 if request.POST else 200)
    where = (
        _("It is assigned to you.")
        if task.is_mine(request.user)
        else _("It is waiting in the queue.")
    )
    messages.success(request, f"Created: {name_of(task)}. {where}")
    return HttpResponseRedirect(task.get_absolute_url(), status=303)


@require_GET
@workers_only
def found(request: MemberRequest) -> HttpResponse:
    return render(request, "tasks/_found.html", search(request))


def search(request: MemberRequest) -> dict[str, object]:
    words = request.GET.get("q", "").strip()[:200]
    return {"words": words, "found": candidates_for(words, request.user) if words else []}


def candidates_for(words: str, user: User) -> list[Candidate]:
    data = QueryDict(mutable=True)
    data["q"] = words
    return Page(CandidateFilter(data, user), Cursor()).candidates[:SHOWN]
