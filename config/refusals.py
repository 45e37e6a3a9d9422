"""Refuses what no page of ours sends, before a view reads it, with a page that says what was wrong.

A NUL character, which PostgreSQL keeps in no text, and a name or value that is far too long. What
Django itself refuses (a form that broke off, too many fields) is answered in the same way.
"""

from collections.abc import Callable, Iterable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.template.loader import render_to_string
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _

LONGEST_NAME = 200
LONGEST_IN_ADDRESS = 2_000  # characters of one value
LONGEST_IN_FORM = 200_000
UNREADABLE = (
    "Belay could not read this request, and nothing was changed. "
    "Go back, reload the page and try again."
)
Values = Iterable[tuple[str, list[Any]]]


class RefuseUnreadable:
    """After the login: a form of a stranger is read no further than it has to be."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self,
        request: HttpRequest,
        view: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> HttpResponse | None:
        in_path = [(name, [value]) for name, value in kwargs.items()]
        why = problem((*in_path, *request.GET.lists()), LONGEST_IN_ADDRESS, "address")
        # What takes programs' bodies, without a form, reads them by itself.
        if not why and not getattr(view, "csrf_exempt", False):
            why = problem(request.POST.lists(), LONGEST_IN_FORM, "form")
        return refusal(request, why) if why else None


def problem(values: Values, longest: int, where: str) -> str:
    """What is wrong with the names and values; empty where nothing is."""
    for name, given in values:
        texts = [value for value in given if isinstance(value, str)]
        if "\0" in name or any("\0" in text for text in texts):
            return _("The %(where)s has a NUL character, which can’t be stored. Remove it.") % {
                "where": where
            }
        if len(name) > LONGEST_NAME:
            return _("The %(where)s has a field with a name of %(name)s characters. Remove it.") % {
                "where": where,
                "name": f"{len(name):,}",
            }
        if too_long := next((text for text in texts if len(text) > longest), ""):
            return _(
                "The field “%(name)s” of the %(where)s has %(too_long)s characters; "
                "the limit is %(longest)s. Shorten it and try again."
            ) % {
                "name": name,
                "where": where,
                "too_long": f"{len(too_long):,}",
                "longest": f"{longest:,}",
            }
    return ""


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler400."""
    return refusal(request, UNREADABLE)


def refusal(request: HttpRequest, why: str) -> HttpResponse:
    """400, in the form in which the request can make use of it."""
    response = form_of_refusal(request, why)
    add_never_cache_headers(response)
    return response


def form_of_refusal(request: HttpRequest, why: str) -> HttpResponse:
    if request.path.startswith("/api/"):
        return JsonResponse({"errors": {"request": why}}, status=400)
    if request.headers.get("HX-Request") == "true":
        return HttpResponse(why, status=400, content_type="text/plain; charset=utf-8")
    # Without the request, no context processor runs: it may be what can't be read.
    context = {"title": "This can’t be read", "why": why}
    return HttpResponse(render_to_string("refused.html", context), status=400)
