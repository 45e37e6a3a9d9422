"""Answers while PostgreSQL or Redis is away: a 503 that says so and can be asked again.

It is made without either of them: no session, no user, no context processor.
"""

import logging
import random
import sys

from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.template.loader import render_to_string
from django.utils.cache import add_never_cache_headers
from django.views.defaults import server_error

from pipeline.foundation.outages import Outage, outage_of

Fields = list[tuple[str, str]]
log = logging.getLogger(__name__)
AGAIN_SECONDS = (3, 6)  # by chance within these, or every open page would ask at once
SAFE = ("GET", "HEAD")
WITHOUT_A_FORM = "Go back and send it again in a moment; nothing is done twice."
KEPT = "What you typed is kept. Send it again in a moment; nothing is done twice."
BY_ITSELF = "It will try again automatically."


def error(request: HttpRequest) -> HttpResponse:
    """Django's handler500: 503 for an outage; everything else is a bug, and stays a 500."""
    outage = outage_of(sys.exc_info()[1])
    if outage is None:
        return server_error(request)
    log.warning("503 %s %s: %s", request.method, request.path, sys.exc_info()[1])
    return answer(request, outage, None if request.method in SAFE else typed_in(request))


def answer(request: HttpRequest, outage: Outage, typed: Fields | None = None) -> HttpResponse:
    """In the form in which the request can make use of it; `typed` can be sent again."""
    response = form_of_answer(request, outage, typed)
    response._has_been_logged = True  # type: ignore[attr-defined]  # else with a traceback each
    response["Retry-After"] = str(random.randint(*AGAIN_SECONDS))
    add_never_cache_headers(response)
    return response


def form_of_answer(request: HttpRequest, outage: Outage, typed: Fields | None) -> HttpResponse:
    if request.path.startswith("/api/"):
        errors = {"server": f"{outage.value} Send it again later."}
        return JsonResponse({"errors": errors}, status=503)
    if request.headers.get("HX-Request") == "true":
        text = outage.value  # what it means for the page, static/js/outages.js says
        return HttpResponse(text, status=503, content_type="text/plain; charset=utf-8")
    is_safe = request.method in SAFE
    what_now = BY_ITSELF if is_safe else WITHOUT_A_FORM if typed is None else KEPT
    context = {
        "outage": outage.value,
        "what_now": what_now,
        "is_safe": is_safe,
        "typed": typed,
        "address": request.get_full_path(),
    }
    # Without the request, no context processor runs.
    page = HttpResponse(render_to_string("503.html", context), status=503)
    if is_safe:
        page["Refresh"] = str(random.randint(*AGAIN_SECONDS))
    return page


def typed_in(request: HttpRequest) -> Fields | None:
    """The fields of a form that came, to be sent again as they are.

    None where that can't be: with a file, with a password, or when it can't be read.
    """
    try:
        fields, files = request.POST, request.FILES
    except Exception:  # cut off, or too much: whatever it was, there is nothing to send again
        return None
    if files or any("password" in name for name in fields):
        return None
    return pairs(fields)


def pairs(fields: QueryDict) -> Fields:
    return [(name, str(value)) for name, values in fields.lists() for value in values]
