"""What the editor's views answer: a panel, or the flow as it is after an edit, or why not."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from pipeline.foundation.parameters import number_in
from pipeline.journeys.definition.definition import BadDefinition, Definition
from pipeline.journeys.definition.edits import CantEdit
from pipeline.journeys.models import Journey
from pipeline.workspaces.requests import MemberRequest

from . import drafts, panels
from .canvas import Panel, answer, done, open_panel

REFUSALS = (drafts.Stale, drafts.Archived, CantEdit, BadDefinition)


def shown(
    request: MemberRequest, journey: Journey, panel: Callable[[Definition], Panel]
) -> HttpResponse:
    """The panel, or why there is none."""
    try:
        return open_panel(request, journey, panel(drafts.read_draft(journey)))
    except (CantEdit, BadDefinition) as reason:
        return answer(request, journey, message=str(reason), status=422)


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
        return answer(request, journey, message=str(reason), status=422)
    block = (opens or focuses or [focus])[-1]
    panel = None
    if opens:
        panel = panels.block_panel(journey, drafts.read_draft(journey), block, request.user)
    return done(request, journey, what, focus=block or "trigger", panel=panel)


def revision_of(request: HttpRequest) -> int:
    """The one that the editor saw; one that nobody saw is never the newest."""
    revision = number_in(request.POST.get("revision"), 9)
    return -1 if revision is None else revision
