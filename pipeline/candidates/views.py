from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST
from django.views.decorators.vary import vary_on_headers

from pipeline.foundation.parameters import number_in
from pipeline.workspaces.requests import MemberRequest

from .filters import CandidateFilter
from .models import Candidate, Folder
from .paging import Cursor, Page
from .selections import Selection, SelectionError
from .sources import sources_for
from .timeline import events_of


@require_GET
@vary_on_headers("HX-Request")
def candidate_list(request: MemberRequest) -> HttpResponse:
    filters = CandidateFilter(with_matching_folder(request.GET), request.user)
    page = Page(filters, Cursor.from_data(request.GET))
    opening = filters.chosen.get("opening")
    context = {
        "filters": filters,
        "chosen": filters.chosen,
        "page": page,
        "folders": opening.folders.all() if opening else [],
        "can_start": request.user.membership.can_start,
        "address": reverse("candidates:list"),
    }
    if request.htmx:
        response = render(request, "candidates/_candidates.html", context)
        response["HX-Push-Url"] = f"{context['address']}?{page.query}".rstrip("?")
        return response
    return render(request, "candidates/list.html", context | {"sources": sources_for(request.user)})


def with_matching_folder(data: QueryDict) -> QueryDict:
    """Drop the folder from the filters when it belongs to another opening than the chosen one."""
    data = data.copy()
    opening, folder = number_in(data.get("opening")), number_in(data.get("folder"))
    if opening is not None and folder is not None:
        chosen = Folder.objects.filter(pk=folder, opening=opening)
        if not chosen.exists():
            data.pop("folder")
    return data


@require_POST  # a picked selection can be too long for an address
def hidden(request: MemberRequest) -> HttpResponse:
    """Say how many of the selection the list does not show; nothing where it shows all."""
    try:
        selection = Selection.from_data(request.user, request.POST)
    except SelectionError:  # somebody was deleted: the dialog will say so
        return HttpResponse()
    filters = request.POST.get("list_filters", "")
    return HttpResponse(selection.hidden_sentence(request.user, filters))


@require_GET
def profile(request: MemberRequest, pk: int) -> HttpResponse:
    candidates = Candidate.objects.visible_to(request.user)
    candidate = get_object_or_404(
        candidates.select_related("opening", "folder", "recruiter__user"), pk=pk
    )
    lean = candidates.select_related("opening").defer("attributes")
    context = {
        "candidate": candidate,
        "original": lean.filter(copies=candidate).first(),
        "copies": lean.filter(copied_from=candidate),
        "events": events_of(candidate, request.user),
    }
    return render(request, "candidates/profile.html", context)
