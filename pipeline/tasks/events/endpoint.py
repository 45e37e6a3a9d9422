"""`POST /api/events/`: answers in JSON, whatever comes. No login, no session: a token."""

import logging
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext
from django.views.decorators.csrf import csrf_exempt

from pipeline.foundation.outages import outage_of
from pipeline.tasks.models.inbound_event import ApiToken

from .reading import event_in
from .receiving import receive
from .refusals import Errors, NotAllowed, NotEncrypted, Refused

log = logging.getLogger(__name__)
CHALLENGE = {"WWW-Authenticate": 'Bearer realm="Belay"'}


@csrf_exempt
@login_not_required
def events(request: HttpRequest) -> HttpResponse:
    """201 for a new event, 200 for one that was taken before, else a status that says why not."""
    if request.method != "POST":
        return refused(405, {"method": "Send events with POST."}, {"Allow": "POST"})
    try:
        token = token_of(request)
        taken = receive(token, event_in(request))
    except NotAllowed as refusal:
        return refused(401, refusal.errors, CHALLENGE)
    except Refused as refusal:
        return refused(refusal.status, refusal.errors, codes=refusal.codes)
    except Exception as error:
        if outage_of(error):
            raise  # answered with 503, in JSON, by config.outages
        # Django's answer would be a page. The event is not taken: its sender sends it again.
        log.exception("An inbound event was not accepted.")
        return refused(
            500, {"body": gettext("Belay could not accept this event. Send it again later.")}
        )
    return answer(taken.answer, 201 if taken.is_new else 200)


def token_of(request: HttpRequest) -> ApiToken:
    """Raises NotEncrypted and NotAllowed."""
    if settings.SECURE_SSL_REDIRECT and not request.is_secure():
        raise NotEncrypted(
            {
                "body": gettext(
                    "Send events to https://. Revoke this token, because others could have read it."
                )
            }
        )
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        raise NotAllowed({"Authorization": "Send the header Authorization: Bearer and your token."})
    token = ApiToken.objects.of(secret.strip())
    if token is None:
        raise NotAllowed({"Authorization": "This token is unknown or revoked. Ask for a new one."})
    return token


def refused(
    status: int,
    errors: Errors,
    headers: dict[str, str] | None = None,
    codes: dict[str, str] | None = None,
) -> HttpResponse:
    content: dict[str, Any] = {"errors": errors}
    return answer(content | ({"codes": codes} if codes else {}), status, headers)


def answer(
    content: dict[str, Any], status: int, headers: dict[str, str] | None = None
) -> HttpResponse:
    return JsonResponse(content, status=status, headers=headers)
