"""The pages of the jobs' queues, as django-rq brings them: what is not there is a 404.

A list that was open for an hour names jobs that are done and forgotten, and anybody may write a
number of a queue that there is not. The library answers both with a 500.
"""

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
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
        try:
            return view(request, *args, **kwargs)
        except NOT_THERE as reason:
            log.warning("404 %s %s: %r", request.method, request.path[:200], reason)
            raise Http404(str(reason)) from reason

    return careful
