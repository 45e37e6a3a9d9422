"""Taking edits of the draft back, doing them again, and beginning anew."""

from collections.abc import Callable

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from pipeline.journeys.definition.definition import Definition
from pipeline.workspaces.requests import MemberRequest

from . import drafts
from .access import editors_only, journey_of
from .answers import REFUSALS, revision_of
from .canvas import answer, done


@require_POST
@editors_only
def undo(request: MemberRequest, pk: int) -> HttpResponse:
    return retraced(request, pk, drafts.undo, "Undone: {what}")


@require_POST
@editors_only
def redo(request: MemberRequest, pk: int) -> HttpResponse:
    return retraced(request, pk, drafts.redo, _("Redone: {what}"))


@require_POST
@editors_only
def reset(request: MemberRequest, pk: int) -> HttpResponse:
    """Begin anew, from the live version or from nothing: also where the draft can't be read."""
    journey = journey_of(request.user, pk)
    version = journey.version if request.POST.get("to") == "live" else None
    after = version.definition if version else Definition().as_json()
    what = (
        _("Went back to version %(number)s") % {"number": version.number}
        if version
        else _("Started over")
    )
    try:
        drafts.replace(journey, request.user, revision_of(request), what, after)
    except REFUSALS as reason:
        return answer(request, journey, message=str(reason), status=422)
    return done(request, journey, what)


def retraced(
    request: MemberRequest, pk: int, step: Callable[..., str], message: str
) -> HttpResponse:
    """`step` is undo or redo; the focus stays on its button while there is more of it."""
    journey = journey_of(request.user, pk)
    try:
        what = step(journey, request.user, revision_of(request))
    except REFUSALS as reason:
        return answer(request, journey, message=str(reason), status=422)
    name = step.__name__
    if not what:
        return answer(request, journey, message=f"There is nothing to {name}.", status=422)
    return done(request, journey, message.format(what=what), focus=name)
