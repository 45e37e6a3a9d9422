from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from .models import User


class MemberRequest(HttpRequest):
    """What a view of ours gets: LoginRequiredMiddleware has sent away whoever is no member."""

    user: User
    htmx: HtmxDetails
