from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from pipeline.workspaces.models import membership_of


@require_GET
@never_cache
def panel(request: HttpRequest) -> HttpResponse:
    """The whole list and the count, for a page whose socket is away."""
    if membership_of(request.user) is None:
        raise Http404
    return render(request, "notifications/_snapshot.html")


@require_GET
@never_cache
def bell(request: HttpRequest) -> HttpResponse:
    if membership_of(request.user) is None:
        raise Http404
    return render(request, "notifications/_bell.html")
