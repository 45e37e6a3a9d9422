"""The delivery log: what was sent, every try and its answer, and sending it again."""

import json

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from pipeline.foundation.commits import after_commit
from pipeline.foundation.paging.newest_first import page_of
from pipeline.workspaces.access import owners_only
from pipeline.workspaces.models.webhook import WebhookDelivery, WebhookEndpoint
from pipeline.workspaces.requests import MemberRequest

from .forms import DeliveryFilter
from .views import note, one_of
from .waking import wake

PAGE = 50


@require_safe
@owners_only
def deliveries(request: MemberRequest, pk: int) -> HttpResponse:
    endpoint = one_of(request, pk)
    narrowed = DeliveryFilter(request.GET, endpoint.deliveries.all())
    page = page_of(narrowed.found.defer("body"), request.GET, PAGE)
    context = {
        "endpoint": endpoint,
        "form": narrowed,
        "deliveries": page.rows,
        **page.links,
    }
    return render(request, "webhooks/deliveries.html", context)


@require_safe
@owners_only
def delivery(request: MemberRequest, pk: int) -> HttpResponse:
    found = delivery_of(request, pk)
    context = {
        "delivery": found,
        "endpoint": found.endpoint,
        "payload": json.dumps(json.loads(found.body), indent=2, ensure_ascii=False),
        "attempts": found.attempts.all()[:PAGE],
    }
    return render(request, "webhooks/delivery.html", context)


@require_POST
@owners_only
def again(request: MemberRequest, pk: int) -> HttpResponse:
    found = delivery_of(request, pk)
    WebhookDelivery.objects.filter(pk=pk).send_again()
    wake()
    tell(request, found.endpoint, _("The delivery is being sent again."))
    return redirect(found)


@require_POST
@owners_only
def all_again(request: MemberRequest, pk: int) -> HttpResponse:
    """Send all failed deliveries of the endpoint again."""
    endpoint = one_of(request, pk)
    with transaction.atomic():
        count = endpoint.deliveries.failed().send_again()
        if count:
            note(request, "sent all failed again of the webhook", endpoint)
            after_commit(wake)
    tell(
        request,
        endpoint,
        _("%(count)s failed deliveries are being sent again.") % {"count": f"{count:,}"},
    )
    return redirect("webhooks:deliveries", pk=pk)


def tell(request: MemberRequest, endpoint: WebhookEndpoint, done: str) -> None:
    if endpoint.is_active:
        messages.success(request, done)
    else:
        messages.warning(request, f"{done} This happens as soon as the webhook is switched on.")


def delivery_of(request: MemberRequest, pk: int) -> WebhookDelivery:
    visible = WebhookDelivery.objects.visible_to(request.user)
    return get_object_or_404(visible.select_related("endpoint"), pk=pk)
