from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from pipeline.candidates.models import Candidate
from pipeline.workspaces.access import refusal, starters
from pipeline.workspaces.models import Workspace
from pipeline.workspaces.models.audit import record
from pipeline.workspaces.requests import MemberRequest

from . import optouts
from .models import PLURALS, Channel, Contact
from .unsubscribing import reader_of


def candidate_of(request: MemberRequest, pk: int, channel: str) -> Candidate:
    """Raises Http404 for a candidate or a channel that is not there for this user."""
    if channel not in Contact.values:
        raise Http404
    return get_object_or_404(Candidate.objects.visible_to(request.user), pk=pk)


@require_POST
@starters("Stopping or allowing messages", finds=candidate_of)
def opt_outs(request: MemberRequest, pk: int, channel: str) -> HttpResponse:
    """Stop, or with `allow` allow again, the messages to a candidate on one channel."""
    candidate = candidate_of(request, pk, channel)
    address = optouts.address_of(candidate, channel)
    if not address:
        return refusal(request, f"{candidate} has no address for {PLURALS[channel]}.")
    workspace = request.user.membership.workspace
    change, verb = (
        (optouts.opt_in, "allowed") if "allow" in request.POST else (optouts.opt_out, "stopped")
    )
    with transaction.atomic():
        if change(workspace, channel, address):
            subject = f"{Contact(channel).label} to {candidate} ({address})"
            record(workspace, request.user, verb, subject, candidate.get_absolute_url())
    if not request.htmx:
        return redirect(candidate)
    context = optouts.fragment(candidate, request.user)
    return render(request, "outreach/_opt_outs.html", context)


# The signed link is the proof: mail programs post to it without a page, a cookie or a CSRF token.
@login_not_required
@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """GET asks, as programs that scan mail follow links; POST stops the e-mails."""
    reader = reader_of(token)
    workspace = reader and Workspace.objects.filter(pk=reader.workspace_id).first()
    if reader is None or workspace is None:
        raise Http404
    if request.method == "POST":
        optouts.opt_out(workspace, Channel.EMAIL, reader.address)
    context = {
        "workspace": workspace,
        "address": reader.address,
        "is_stopped": optouts.is_opted_out(workspace.pk, Channel.EMAIL, reader.address),
    }
    return render(request, "outreach/unsubscribe.html", context)
