"""The editor's one fragment: the flow, its problems, Undo, and the panel beside it."""

from dataclasses import dataclass, field
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django_htmx.http import trigger_client_event

from pipeline.foundation.answers import put_into
from pipeline.journeys.blocks.problems import TRIGGER, problems_of
from pipeline.journeys.definition.definition import BadDefinition, Definition
from pipeline.journeys.definition.triggers import reentry_of, text_of
from pipeline.journeys.models import Journey, JourneyEdit
from pipeline.workspaces.models import User
from pipeline.workspaces.requests import MemberRequest

from .access import is_editable
from .drafts import last_edit, next_edit, read_draft
from .layout import Flow, draw


@dataclass
class Panel:
    """What is beside the flow: a template of templates/journeys/ and what it shows."""

    template: str = ""
    context: dict[str, Any] = field(default_factory=dict)
    block: str = ""  # the one that it is about


@dataclass
class Canvas:
    """A journey's draft as the editor shows it."""

    journey: Journey
    user: User

    def __post_init__(self) -> None:
        self.definition = Definition()
        self.broken = ""
        try:
            self.definition = read_draft(self.journey)
        except BadDefinition as reason:
            self.broken = str(reason)
        self.is_editable = is_editable(self.journey, self.user)
        self.flow: Flow = draw(self.definition, is_editable=self.is_editable)
        self.problems = {}
        if not self.broken:
            self.problems = problems_of(self.definition, self.journey.workspace, self.journey)
        for pk, step in self.flow.steps.items():
            step.problems = self.problems.get(pk, [])

    @property
    def trigger_problems(self) -> list[str]:
        return self.problems.get(TRIGGER, [])

    @property
    def trigger(self) -> str:
        return text_of(self.definition.trigger)

    @property
    def reentry(self) -> str:
        return reentry_of(self.definition.reentry)

    @property
    def problem_count(self) -> int:
        return sum(map(len, self.problems.values()))

    @property
    def listed_problems(self) -> list[tuple[str, str, str]]:
        """For each problem the block's id, its title and the sentence."""
        return [
            (pk, self.flow.title_of(pk) if pk else "The trigger", sentence)
            for pk, sentences in self.problems.items()
            for sentence in sentences
        ]

    @property
    def last_edit(self) -> JourneyEdit | None:
        return last_edit(self.journey) if self.is_editable else None

    @property
    def next_edit(self) -> JourneyEdit | None:
        return next_edit(self.journey) if self.is_editable else None


def answer(
    request: MemberRequest,
    journey: Journey,
    panel: Panel | None = None,
    *,
    message: str = "",
    focus: str = "",
    status: int = 200,
) -> HttpResponse:
    """The whole editor: as a page, or for htmx as the fragment."""
    context = {
        "journey": journey,
        "canvas": Canvas(journey, request.user),
        "panel": panel or Panel(),
        "told": message,
        "focus": focus,
        "is_swapped": bool(request.htmx),
    }
    name = "_editor" if request.htmx else "editor"
    response = render(request, f"journeys/{name}.html", context, status=status)
    return put_into(response, "#editor", "outerHTML") if request.htmx else response


def open_panel(
    request: MemberRequest, journey: Journey, panel: Panel, status: int = 200
) -> HttpResponse:
    """Only the panel, for htmx; without it the page with the panel open."""
    if not request.htmx:
        return answer(request, journey, panel, status=status)
    context = {"journey": journey, "panel": panel, "is_swapped": True}
    panel_only = render(request, "journeys/_panel.html", context, status=status)
    return put_into(panel_only, "#panel", "outerHTML")


def done(
    request: MemberRequest,
    journey: Journey,
    what: str,
    *,
    focus: str = "editor",
    panel: Panel | None = None,
) -> HttpResponse:
    """After an edit: the flow as it is now, with the focus in the panel, or else on `focus`: the
    id of a block, or the name of something else of the editor."""
    if not request.htmx:
        address = reverse("journeys:edit", args=[journey.pk])
        is_block = focus in read_draft(journey).nodes
        return redirect(f"{address}#block-{focus}" if is_block else address)
    response = answer(request, journey, panel, focus="" if panel else focus)
    return trigger_client_event(response, "announce", {"about": "journey", "word": what})
