"""Editing a journey: each view answers with the flow as it is then, and the panel beside it."""

from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from pipeline.journeys.blocks import BLOCKS
from pipeline.journeys.blocks.view import read, ways_of_new
from pipeline.journeys.definition import edits
from pipeline.journeys.definition.definition import BadDefinition, Definition
from pipeline.journeys.definition.edits import CantEdit, Place
from pipeline.journeys.models import Journey
from pipeline.workspaces.requests import MemberRequest

from . import drafts, panels
from .access import editors_only, journey_of
from .answers import changed, shown
from .canvas import answer, open_panel
from .forms import TriggerForm


@require_safe
def edit(request: MemberRequest, pk: int) -> HttpResponse:
    """The draft, for whoever may see it; for those who may change it, with the ways to do so."""
    return answer(request, journey_of(request.user, pk), focus=request.GET.get("focus", ""))


@require_http_methods(["GET", "HEAD", "POST"])
@editors_only
def add(request: MemberRequest, pk: int) -> HttpResponse:
    """GET lists the blocks for that place; POST puts one in, and opens its form."""
    journey = journey_of(request.user, pk)
    if request.method != "POST":
        place = Place.read(request.GET.get("at", ""))
        return shown(request, journey, lambda draft: panels.add_panel(draft, place))
    kind = BLOCKS.get(request.POST.get("type", ""))
    if kind is None:
        return answer(request, journey, message="Choose one of the blocks.", status=422)
    place = Place.read(request.POST.get("at", ""))
    added: list[str] = []

    def change(draft: Definition) -> Definition:
        after, block = edits.insert(draft, place, kind.key, {}, ways_of_new(kind))
        added.append(block)
        return after

    return changed(request, journey, f"Added {kind.label}", change, opens=added)


@require_http_methods(["GET", "HEAD", "POST"])
@editors_only
def block(request: MemberRequest, pk: int, block: str) -> HttpResponse:
    """GET shows its form; POST keeps the answers, and its ways as they now are."""
    journey = journey_of(request.user, pk)
    if request.method != "POST":
        user = request.user
        return shown(
            request, journey, lambda draft: panels.block_panel(journey, draft, block, user)
        )
    try:
        draft = drafts.read_draft(journey)
        node = edits.node_of(draft, block)
    except (CantEdit, BadDefinition) as reason:
        return answer(request, journey, message=str(reason), status=422)
    kind = read(node).type
    if kind is None:
        return answer(request, journey, message=read(node).problem, status=422)
    form = kind.form(request.POST, workspace=journey.workspace)
    if not form.is_valid():
        panel = panels.block_panel(journey, draft, block, request.user, form)
        return open_panel(request, journey, panel, status=422)
    options = form.options()
    ways = list(kind(options).ways)
    return changed(
        request,
        journey,
        f"Changed {kind.label}",
        lambda draft: edits.change(draft, block, options, ways),
        focus=block,
    )


@require_POST
@editors_only
def preview(request: MemberRequest, pk: int, block: str) -> HttpResponse:
    """What the block would do now with these answers. Nothing is saved."""
    journey = journey_of(request.user, pk)
    try:
        node = edits.node_of(drafts.read_draft(journey), block)
    except (CantEdit, BadDefinition):
        raise Http404
    kind = read(node).type
    form = kind.form(request.POST, workspace=journey.workspace) if kind else None
    text = ""
    if kind and form and form.is_valid():
        text = kind(form.options()).preview(journey.workspace, request.user)
    return render(request, "journeys/_panel_preview.html", {"preview": text})


@require_http_methods(["GET", "HEAD", "POST"])
@editors_only
def trigger(request: MemberRequest, pk: int) -> HttpResponse:
    """What lets candidates enter, and whether they may come again."""
    journey = journey_of(request.user, pk)
    if request.method != "POST":
        user = request.user
        return shown(request, journey, lambda draft: panels.trigger_panel(journey, draft, user))
    form = TriggerForm(request.POST, user=request.user)
    if not form.is_valid():
        panel = panels.trigger_panel(journey, Definition(), request.user, form)
        return open_panel(request, journey, panel, status=422)
    return changed(
        request,
        journey,
        "Changed the trigger",
        lambda draft: edits.enter_by(draft, form.trigger(), form.reentry()),
        focus="trigger",
    )


@require_http_methods(["GET", "HEAD", "POST"])
@editors_only
def move(request: MemberRequest, pk: int, block: str) -> HttpResponse:
    """GET offers the other places; POST moves it up, down, or to one of them."""
    journey = journey_of(request.user, pk)
    if request.method != "POST":
        return shown(request, journey, lambda draft: panels.move_panel(draft, block))
    to = request.POST.get("to", "")
    moves: dict[str, Callable[[Definition], Definition]] = {
        "up": lambda draft: edits.move_up(draft, block),
        "down": lambda draft: edits.move_down(draft, block),
    }
    change = moves.get(to, lambda draft: edits.move(draft, block, Place.read(to)))
    return changed(request, journey, f"Moved {label_of(journey, block)}", change, opens=[block])


@require_http_methods(["GET", "HEAD", "POST"])
@editors_only
def delete(request: MemberRequest, pk: int, block: str) -> HttpResponse:
    """GET asks which of its ways stays; POST deletes it."""
    journey = journey_of(request.user, pk)
    if request.method != "POST":
        return shown(request, journey, lambda draft: panels.delete_panel(draft, block))
    keep = request.POST.get("keep")
    before: list[str] = []

    def change(draft: Definition) -> Definition:
        way = edits.first_way_to(draft, block)
        before.append(way.block if way and way.block else "trigger")
        return edits.delete(draft, block, keep)

    what = f"Deleted {label_of(journey, block)}"
    return changed(request, journey, what, change, focuses=before)


@require_POST
@editors_only
def lead(request: MemberRequest, pk: int) -> HttpResponse:
    """Have a way go on at a block that is there already, or end."""
    journey = journey_of(request.user, pk)
    place = Place.read(request.POST.get("at", ""))
    to = request.POST.get("to") or None
    what = (
        _("Connected a path to %(journey)s") % {"journey": label_of(journey, to)}
        if to
        else "Ended a path"
    )
    return changed(
        request, journey, what, lambda draft: edits.lead(draft, place, to), focus=place.block
    )


def label_of(journey: Journey, block: str | None) -> str:
    try:
        nodes: dict[str, Any] = dict(drafts.read_draft(journey).nodes)
    except BadDefinition:
        return "a block"
    return read(nodes[block]).title[:150] if block in nodes else "a block"
