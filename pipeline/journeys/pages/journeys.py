"""Looking at a journey: the live version with its runs, the versions, two of them compared."""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from pipeline.candidates.sight import sight_of
from pipeline.foundation.counts import count_some
from pipeline.foundation.parameters import number_in
from pipeline.journeys.definition.definition import BadDefinition, Definition
from pipeline.journeys.definition.triggers import reentry_of, text_of
from pipeline.journeys.editor import drafts
from pipeline.journeys.editor.access import can_edit, can_stop_all, is_editable, journey_of
from pipeline.journeys.editor.diff import Differences, compare
from pipeline.journeys.editor.layout import Flow, draw
from pipeline.journeys.models import Journey, JourneyState, Run
from pipeline.workspaces.requests import MemberRequest

from .block_counts import counts_of

SHOWN = 50  # versions on a page
DRAFT = "draft"


@require_safe
def journey(request: MemberRequest, pk: int) -> HttpResponse:
    """What is live: its flow, and over each block how many runs stand there and passed it."""
    found = journey_of(request.user, pk)
    seen = Run.objects.visible_to(request.user).running()
    context: dict[str, Any] = {
        "journey": found,
        "is_editable": is_editable(found, request.user),
        "can_edit": can_edit(request.user),
        "can_stop_all": can_stop_all(request.user, found),
        "running": count_some(seen.filter(journey=found)),
        "is_paused": found.state == JourneyState.PAUSED,
        "is_archived": found.state == JourneyState.ARCHIVED,
    }
    shown = Shown.of(found, str(found.version.number) if found.version else DRAFT)
    if found.version and not shown.problem:
        openings = sight_of(request.user).openings
        counts = counts_of(found.version, list(shown.definition.nodes), openings)
        for block, step in shown.flow.steps.items():
            step.standing, step.passed = counts[block]
        older = seen.filter(journey=found).exclude(version=found.version)
        context["older"] = count_some(older)
    return render(request, "journeys/editor_journey.html", context | {"shown": shown})


@require_safe
def versions(request: MemberRequest, pk: int) -> HttpResponse:
    """The newest first; a page begins below the number `before`."""
    found = journey_of(request.user, pk)
    rows = found.versions.select_related("published_by").defer("definition")
    before = number_in(request.GET.get("before"), 9)
    if before is not None:
        rows = rows.filter(number__lt=before)
    page = list(rows[: SHOWN + 1])
    running = Run.objects.visible_to(request.user).running()
    context = {
        "journey": found,
        "is_editable": is_editable(found, request.user),
        "versions": [(one, count_some(running.filter(version=one))) for one in page[:SHOWN]],
        "next": page[SHOWN - 1].number if len(page) > SHOWN else None,
    }
    return render(request, "journeys/versions.html", context)


@require_safe
def compared(request: MemberRequest, pk: int) -> HttpResponse:
    """Two versions, or the draft against one, beside each other."""
    found = journey_of(request.user, pk)
    numbers = [str(one) for one in found.versions.values_list("number", flat=True)[:200]]
    live = str(found.version.number) if found.version else DRAFT
    old, new = request.GET.get("old", live), request.GET.get("new", DRAFT)
    before, after = Shown.of(found, old), Shown.of(found, new)
    context = {
        "journey": found,
        "choices": [DRAFT, *numbers],
        "old": old,
        "new": new,
        "before": before,
        "after": after,
        "sides": [(before, "before-"), (after, "after-")],
        "differences": None,
    }
    if not before.problem and not after.problem:
        differences = compare(before.definition, after.definition)
        before.mark(differences, hides="Added")
        after.mark(differences, hides="Removed")
        context["differences"] = differences
    return render(request, "journeys/versions_compared.html", context)


class Shown:
    """A version, or the draft, as it is drawn; or why it can't be."""

    def __init__(self, name: str, definition: Definition, problem: str = "") -> None:
        self.name = name
        self.definition = definition
        self.problem = problem
        self.flow: Flow = draw(definition)
        self.trigger = text_of(definition.trigger)
        self.reentry = reentry_of(definition.reentry)
        self.trigger_mark = ""

    @classmethod
    def of(cls, journey: Journey, which: str) -> "Shown":
        """Raises Http404 where there is no such version."""
        name = "Draft" if which == DRAFT else f"Version {which}"
        try:
            if which == DRAFT:
                return cls(name, drafts.read_draft(journey))
            number = number_in(which, 9)
            version = journey.versions.filter(number=number or 0).first()
            if version is None:
                raise Http404
            return cls(name, version.parse())
        except BadDefinition as reason:
            return cls(name, Definition(), str(reason))

    def mark(self, differences: Differences, hides: str) -> None:
        differences.write_into(self.flow)
        self.trigger_mark = "Changed" if differences.trigger else ""
        for step in self.flow.steps.values():
            if step.mark == hides:
                step.mark = ""
