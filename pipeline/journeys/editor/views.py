"""Editing a journey: each view answers with the flow as it is then, and the panel beside it."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from pipeline.journeys import editing
from pipeline.journeys.blocks import BLOCKS
from pipeline.journeys.definition import BadDefinition, Definition
from pipeline.journeys.editing import CantEdit, Place
from pipeline.journeys.models import Journey
from pipeline.journeys.reading import read, ways_of_new
from pipeline.workspaces.audit import record
from pipeline.workspaces.requests import MemberRequest

from . import drafts, panels
from .access import editors_only, journey_of
from .canvas import Panel, answer, done, open_panel
from .forms import TAKEN, NameForm, TriggerForm

REFUSALS = (drafts.Stale, drafts.Archived, CantEdit, BadDefinition)


@require_http_methods(["GET", "HEAD", "POST"])
@editors_only
def new(request: MemberRequest) -> HttpResponse:
    """A name, and it is an empty draft."""
    journey = Journey(
        workspace=request.user.membership.workspace,
        created_by=request.user,
        draft=Definition().as_json(),
    )
    form = NameForm(request.POST or None, instance=journey)
    if request.method == "POST" and form.is_valid() and named(request, form, "added the journey"):
        return redirect("journeys:edit", pk=journey.pk)
    status = 422 if form.errors else 200
    context = {"form": form, "title": "New journey"}
    return render(request, "journeys/editor_name.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@editors_only
def rename(request: MemberRequest, pk: int) -> HttpResponse:
    journey = journey_of(request.user, pk)
    title = f"Rename “{journey}”"
    form = NameForm(request.POST or None, instance=journey)
    if request.method == "POST" and form.is_valid() and named(request, form, "renamed the journey"):
        messages.success(request, f"The journey is now called {journey}.")
        return redirect("journeys:edit", pk=pk)
    status = 422 if form.errors else 200
    context = {"form": form, "title": title, "journey": journey}
    return render(request, "journeys/editor_name.html", context, status=status)


def named(request: MemberRequest, form: NameForm, verb: str) -> bool:
    """Save the name, with a line in the audit. False, with the reason at it, if it was taken."""
    try:
        with transaction.atomic():
            is_new = form.instance.pk is None
            form.instance.save(update_fields=None if is_new else ["name"])
            link = form.instance.get_absolute_url()
            record(form.instance.workspace, request.user, verb, str(form.instance), link)
    except IntegrityError:
        form.add_error("name", TAKEN.format(name=form.cleaned_data["name"]))
        return False
    return True


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
        return answer(request, journey, told="Choose one of the blocks.", status=422)
    place = Place.read(request.POST.get("at", ""))
    added: list[str] = []

    def change(draft: Definition) -> Definition:
        after, block = editing.insert(draft, place, kind.key, {}, ways_of_new(kind))
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
        node = editing.node_of(draft, block)
    except (CantEdit, BadDefinition) as reason:
        return answer(request, journey, told=str(reason), status=422)
    kind = read(node).type
    if kind is None:
        return answer(request, journey, told=read(node).problem, status=422)
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
        lambda draft: editing.change(draft, block, options, ways),
        focus=block,
    )


@require_POST
@editors_only
def preview(request: MemberRequest, pk: int, block: str) -> HttpResponse:
    """What the block would do now with these answers. Nothing is saved."""
    journey = journey_of(request.user, pk)
    try:
        node = editing.node_of(drafts.read_draft(journey), block)
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
        lambda draft: editing.enter_by(draft, form.trigger(), form.reentry()),
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
        "up": lambda draft: editing.move_up(draft, block),
        "down": lambda draft: editing.move_down(draft, block),
    }
    change = moves.get(to, lambda draft: editing.move(draft, block, Place.read(to)))
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
        way = editing.first_way_to(draft, block)
        before.append(way.block if way and way.block else "trigger")
        return editing.delete(draft, block, keep)

    what = f"Deleted {label_of(journey, block)}"
    return changed(request, journey, what, change, focuses=before)


@require_POST
@editors_only
def lead(request: MemberRequest, pk: int) -> HttpResponse:
    """Have a way go on at a block that is there already, or end."""
    journey = journey_of(request.user, pk)
    place = Place.read(request.POST.get("at", ""))
    to = request.POST.get("to") or None
    what = f"Led a way to {label_of(journey, to)}" if to else "Ended a way"
    return changed(
        request, journey, what, lambda draft: editing.lead(draft, place, to), focus=place.block
    )


@require_POST
@editors_only
def undo(request: MemberRequest, pk: int) -> HttpResponse:
    return retraced(request, pk, drafts.undo, "Undone: {what}")


@require_POST
@editors_only
def redo(request: MemberRequest, pk: int) -> HttpResponse:
    return retraced(request, pk, drafts.redo, "Done again: {what}")


@require_POST
@editors_only
def reset(request: MemberRequest, pk: int) -> HttpResponse:
    """Begin anew, from the live version or from nothing: also where the draft can't be read."""
    journey = journey_of(request.user, pk)
    version = journey.version if request.POST.get("to") == "live" else None
    after = version.definition if version else Definition().as_json()
    what = f"Took over version {version.number}" if version else "Began anew"
    try:
        drafts.replace(journey, request.user, revision_of(request), what, after)
    except REFUSALS as reason:
        return answer(request, journey, told=str(reason), status=422)
    return done(request, journey, what)


# --- what they share ---


def shown(
    request: MemberRequest, journey: Journey, panel: Callable[[Definition], Panel]
) -> HttpResponse:
    """The panel, or why there is none."""
    try:
        return open_panel(request, journey, panel(drafts.read_draft(journey)))
    except (CantEdit, BadDefinition) as reason:
        return answer(request, journey, told=str(reason), status=422)


def changed(
    request: MemberRequest,
    journey: Journey,
    what: str,
    change: Callable[[Definition], Definition],
    *,
    focus: str = "",
    focuses: list[str] | None = None,
    opens: list[str] | None = None,
) -> HttpResponse:
    """Edit the draft. What `change` finds out it may put into `focuses`, the id of the block that
    gets the focus, or `opens`, that of the block whose form is shown."""
    try:
        drafts.edit(journey, request.user, revision_of(request), what, change)
    except REFUSALS as reason:
        return answer(request, journey, told=str(reason), status=422)
    block = (opens or focuses or [focus])[-1]
    panel = None
    if opens:
        panel = panels.block_panel(journey, drafts.read_draft(journey), block, request.user)
    return done(request, journey, what, focus=block or "trigger", panel=panel)


def retraced(request: MemberRequest, pk: int, step: Callable[..., str], told: str) -> HttpResponse:
    """`step` is undo or redo; the focus stays on its button while there is more of it."""
    journey = journey_of(request.user, pk)
    try:
        what = step(journey, request.user, revision_of(request))
    except REFUSALS as reason:
        return answer(request, journey, told=str(reason), status=422)
    name = step.__name__
    if not what:
        return answer(request, journey, told=f"There is nothing to {name}.", status=422)
    return done(request, journey, told.format(what=what), focus=name)


def revision_of(request: HttpRequest) -> int:
    """The one that the editor saw; one that nobody saw is never the newest."""
    text = request.POST.get("revision", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else -1


def label_of(journey: Journey, block: str | None) -> str:
    try:
        nodes: dict[str, Any] = dict(drafts.read_draft(journey).nodes)
    except BadDefinition:
        return "a block"
    return read(nodes[block]).title[:150] if block in nodes else "a block"
