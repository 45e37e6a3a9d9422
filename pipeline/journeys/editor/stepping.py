"""A test run's page: choose a candidate, step through the draft, take the other way. Only looks."""

from urllib.parse import urlencode

from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_safe

from pipeline.candidates.filters import CandidateFilter
from pipeline.candidates.models import Candidate
from pipeline.foundation.parameters import number_in
from pipeline.journeys.definition.definition import BadDefinition, Definition
from pipeline.journeys.definition.triggers import text_of
from pipeline.workspaces.models import User
from pipeline.workspaces.requests import MemberRequest

from . import drafts
from .access import journey_of
from .rehearsal import MOST_STEPS, rehearse

FOUND = 20  # candidates on offer


@require_safe
def test_run(request: MemberRequest, pk: int) -> HttpResponse:
    """`candidate` is who, `steps` how far (all, to the end), `way` repeated as 3:no, at step 3."""
    journey = journey_of(request.user, pk)
    try:
        draft = drafts.read_draft(journey)
    except BadDefinition as reason:
        context = {"journey": journey, "broken": str(reason)}
        return render(request, "journeys/test_run.html", context, status=422)
    candidate = candidate_of(request)
    context = {"journey": journey, "trigger": text_of(draft.trigger), "candidate": candidate}
    if candidate is None:
        text = request.GET.get("q", "")
        context |= {"q": text, "found": search(request.user, text)}
    else:
        context |= steps_for(request.GET, draft, candidate)
    return render(request, "journeys/test_run.html", context)


def candidate_of(request: MemberRequest) -> Candidate | None:
    wanted = request.GET.get("candidate", "")
    if not wanted:
        return None
    people = Candidate.objects.visible_to(request.user)
    people = people.select_related("workspace", "opening", "folder", "recruiter__user")
    found = people.filter(pk=number_in(wanted) or 0).first()
    if found is None:
        raise Http404
    return found


def search(user: User, text: str) -> list[Candidate]:
    """The newest candidates that match, whom the user may see."""
    data = QueryDict(mutable=True)
    data["q"] = text[:200]
    found = CandidateFilter(data, user)
    people = found.qs if found.is_valid() else Candidate.objects.none()
    return list(people.select_related("opening", "folder").order_by("-pk")[:FOUND])


def steps_for(asked: QueryDict, draft: Definition, candidate: Candidate) -> dict[str, object]:
    """The steps so far, and the addresses of the next one, of the end and of the other ways."""
    chosen = ways_in(asked.getlist("way"))
    steps_asked = number_in(asked.get("steps", "1"), 3)
    most = MOST_STEPS if steps_asked is None else steps_asked
    steps = rehearse(draft, candidate, chosen, max(most, 1))
    last = steps[-1] if steps else None
    is_ended = last is None or not last.way or last.node.ways[last.way] is None
    rows = [
        (
            step,
            [
                (label, address(candidate, before(chosen, step.number) | {step.number: way}, most))
                for way, label in step.others.items()
            ],
        )
        for step in steps
    ]
    return {
        "rows": rows,
        "is_ended": is_ended,
        "is_too_long": not is_ended and len(steps) == MOST_STEPS,
        "next": address(candidate, chosen, len(steps) + 1),
        "to_the_end": address(candidate, chosen, MOST_STEPS),
        "again": address(candidate, {}, 1),
    }


def ways_in(texts: list[str]) -> dict[int, str]:
    """Of "3:no" the way by the number of the step; what is none is left out."""
    found = {}
    for text in texts[:MOST_STEPS]:
        number, _, way = text.partition(":")
        step = number_in(number, 3)
        if step is not None:
            found[step] = way
    return found


def before(chosen: dict[int, str], number: int) -> dict[int, str]:
    """What was chosen before that step: after it everything is another way."""
    return {at: way for at, way in chosen.items() if at < number}


def address(candidate: Candidate, chosen: dict[int, str], steps: int) -> str:
    ways = [("way", f"{number}:{way}") for number, way in sorted(chosen.items())]
    return "?" + urlencode([("candidate", candidate.pk), ("steps", steps), *ways])
