"""The pages of the jobs' queues, as django-rq brings them: what is not there is a 404.

A list that was open for an hour names jobs that are done and forgotten, and anybody may write a
number of a queue that there is not. The library answers both with a 500. And after an action it
goes wherever the request says, also to another site.
"""

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.utils.http import url_has_allowed_host_and_scheme
from rq.exceptions import InvalidJobOperation, NoSuchJobError

View = Callable[..., HttpResponseBase]
# No such queue, job, worker or scheduler; or one whose name can't be one.
NOT_THERE = (
    *(IndexError, NoSuchJobError, InvalidJobOperation),
    *(ImproperlyConfigured, ValueError, AssertionError),
)
log = logging.getLogger(__name__)


def is_of_queues(view: View) -> bool:
    return view.__module__.split(".")[0] == "django_rq"


def missing_is_404(view: View) -> View:
    @wraps(view)
    def careful(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        stay_here(request)
        try:
            return view(request, *args, **kwargs)
        except NOT_THERE as reason:
            log.warning("404 %s %s: %r", request.method, request.path[:200], reason)
            raise Http404(str(reason)) from reason

    return careful


def stay_here(request: HttpRequest) -> None:
    """Forget the page to go to next where that is no address of this site."""
    if not is_here(request, request.POST.get("next_url", "")):
        kept = request.POST.copy()
        del kept["next_url"]
        request.POST = kept  # type: ignore[assignment]  # it need not be immutable
    if not is_here(request, request.META.get("HTTP_REFERER", "")):
        del request.META["HTTP_REFERER"]


def is_here(request: HttpRequest, address: str) -> bool:
    """Whether the address leads to a page of this site, or is empty."""
    if not address:
        return True
    hosts = {request.get_host()}
    return "/" in address and url_has_allowed_host_and_scheme(
        address, hosts, require_https=request.is_secure()
    )
