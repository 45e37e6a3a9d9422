"""The page before a draft is published, and the dialogs of pause, resume and archive."""

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from pipeline.foundation.counts import Number, count_some
from pipeline.journeys import lifecycle
from pipeline.journeys.blocks.problems import problems_of, warnings_of
from pipeline.journeys.blocks.view import read
from pipeline.journeys.definition.definition import BadDefinition, Definition
from pipeline.journeys.definition.triggers import reentry_of, text_of
from pipeline.journeys.lifecycle import CantPublish
from pipeline.journeys.models import Journey, JourneyVersion, Run
from pipeline.workspaces.requests import MemberRequest

from . import drafts
from .access import editors_only, is_editable, journey_of
from .answers import revision_of
from .diff import compare
from .layout import draw


@require_http_methods(["GET", "HEAD", "POST"])
@editors_only
def publish(request: MemberRequest, pk: int) -> HttpResponse:
    """GET says what will be live and what changes; POST publishes just that."""
    journey = journey_of(request.user, pk)
    message = ""
    if request.method == "POST":
        try:
            version = published(request, journey)
        except (drafts.Stale, drafts.Archived, CantPublish, Unconfirmed) as reason:
            message = str(reason)
        else:
            messages.success(request, success(journey, version))
            return redirect(journey)
    context = {"journey": journey, "told": message, **what_would_be(request, journey)}
    status = 422 if message else 200
    return render(request, "journeys/publish.html", context, status=status)


class Unconfirmed(ValueError):
    """A warning was not ticked."""


@transaction.atomic
def published(request: MemberRequest, journey: Journey) -> JourneyVersion:
    """The draft that was seen on the page, and no other."""
    drafts.lock(journey, revision_of(request))
    try:
        warnings = warnings_of(drafts.read_draft(journey))
    except BadDefinition as reason:
        raise CantPublish({"": [str(reason)]})
    if set(warnings) - set(request.POST.getlist("confirm")):
        raise Unconfirmed(
            _("Nothing was published. Read the points below and tick each one to confirm.")
        )
    return lifecycle.publish(journey, request.user)


def success(journey: Journey, version: JourneyVersion) -> str:
    if not journey.is_live:
        paused = _("%(journey)s is paused, so no candidates enter until it is resumed.") % {
            "journey": journey
        }
        return f"Version {version.number} is published. {paused}"
    return _("Version %(number)s is live. Candidates who enter now use this version.") % {
        "number": version.number
    }


def what_would_be(request: MemberRequest, journey: Journey) -> dict[str, Any]:
    """What the page shows: the draft, its problems, and what differs from the live version."""
    try:
        draft = drafts.read_draft(journey)
    except BadDefinition as reason:
        return {"problems": [("", "The draft", str(reason))]}
    problems = problems_of(draft, journey.workspace, journey)
    flow = draw(draft)
    live = version_of(journey)
    changes = compare(live, draft) if live else None
    if changes:
        changes.write_into(flow)
    previews = [
        (read(node).title, text)
        for node in draft
        if (text := read(node).preview(journey.workspace, request.user))
    ]
    keeping = Run.objects.running().filter(journey=journey)
    return {
        "flow": flow,
        "trigger": text_of(draft.trigger),
        "reentry": reentry_of(draft.reentry),
        "problems": [
            (pk, flow.title_of(pk) if pk else "The trigger", sentence)
            for pk, sentences in problems.items()
            for sentence in sentences
        ],
        "warnings": [
            (pk, read(draft.nodes[pk]).title, sentences)
            for pk, sentences in warnings_of(draft).items()
        ],
        "confirmed": request.POST.getlist("confirm"),
        "changes": changes,
        "is_same": live is not None and not changes,
        "previews": previews,
        "keeping": count_some(keeping),
        "can_publish": is_editable(journey, request.user) and not problems,
    }


def version_of(journey: Journey) -> Definition | None:
    try:
        return journey.version.parse() if journey.version else None
    except BadDefinition:
        return None


@require_http_methods(["GET", "HEAD", "POST"])
@editors_only
def pause(request: MemberRequest, pk: int) -> HttpResponse:
    """GET says in numbers what will wait; POST pauses."""
    return asked(request, pk, "pause")


@require_http_methods(["GET", "HEAD", "POST"])
@editors_only
def archive(request: MemberRequest, pk: int) -> HttpResponse:
    """GET says in numbers what will be stopped; POST archives."""
    return asked(request, pk, "archive")


@require_POST
@editors_only
def resume(request: MemberRequest, pk: int) -> HttpResponse:
    return moved(request, journey_of(request.user, pk), "resume")


def asked(request: MemberRequest, pk: int, verb: str) -> HttpResponse:
    journey = journey_of(request.user, pk)
    if request.method == "POST":
        return moved(request, journey, verb)
    runs = Run.objects.running().filter(journey=journey)
    context = {
        "journey": journey,
        "verb": verb,
        "can": journey.state in Journey.MOVES[verb],
        "running": count_some(runs),
        "waiting": count_some(runs.filter(is_waiting=True)),
        "listeners": Number(journey.listeners.filter(is_trigger=True).count()),
    }
    name = "_publish_ask" if request.htmx else "publish_ask"
    return render(request, f"journeys/{name}.html", context)


def moved(request: MemberRequest, journey: Journey, verb: str) -> HttpResponse:
    """Do it, and tell whoever came too late what it is."""
    verbs = {
        "pause": lifecycle.pause,
        "resume": lifecycle.resume,
        "archive": lifecycle.archive,
    }
    if verbs[verb](journey, request.user):
        messages.success(request, f"{journey} is {journey.get_state_display().lower()}.")
    else:
        state = journey.get_state_display().lower()
        messages.error(request, f"Nothing was changed: {journey} is {state}.")
    return redirect(journey)
