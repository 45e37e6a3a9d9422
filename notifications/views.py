from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET


@require_GET
@never_cache
def panel(request: HttpRequest) -> HttpResponse:
    """The whole list and the count, for a page whose socket is away."""
    return render(request, "notifications/_snapshot.html")


@require_GET
@never_cache
def bell(request: HttpRequest) -> HttpResponse:
    return render(request, "notifications/_bell.html")
