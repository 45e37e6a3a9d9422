"""A candidate's timeline: what bulk actions did to it."""

from collections.abc import Iterator

from pipeline.bulk_actions.models import BulkAction, Outcome, Result
from pipeline.bulk_actions.progress import Progress
from pipeline.bulk_actions.reasons import LEFT_OUT, sentence_of
from pipeline.candidates.models import Candidate
from pipeline.candidates.timeline import MOST, Event
from pipeline.workspaces.models import User

from .outcome_lists import describe


def outcomes(candidate: Candidate, user: User) -> Iterator[Event]:
    """One event for each bulk action that reached the candidate, linked to its review.

    "Move to Shortlisted (was Inbox)", "Move to Shortlisted: no change needed", or with the
    reason "Move to Shortlisted failed: The folder Shortlisted no longer exists."
    """
    actions = BulkAction.objects.visible_to(user)
    found = (
        Outcome.objects.filter(candidate_id=candidate.pk, action__in=actions)
        .filter(action__is_discarded=False)
        .select_related("action__started_by")
        .order_by("-action_id")[:MOST]
    )
    of_operation: dict[str, list[Outcome]] = {}
    for outcome in found:
        of_operation.setdefault(outcome.action.operation, []).append(outcome)
    for alike in of_operation.values():
        befores = describe(alike[0].action, [outcome.before for outcome in alike])
        yield from map(event, alike, befores)


def event(outcome: Outcome, was: str) -> Event:
    action = outcome.action
    if outcome.result == Result.FAILED:
        came_of = f" failed: {sentence_of(outcome.reason, outcome.facts)}"
    elif outcome.result == Result.UNCHANGED:
        is_left_out = outcome.reason.startswith(LEFT_OUT)
        left_out = sentence_of(outcome.reason) if is_left_out else ""
        came_of = f": {left_out[0].lower()}{left_out[1:-1]}" if left_out else ": no change needed"
    elif was and not Progress(action).tells_what_was:
        came_of = f" ({was})"
    else:
        came_of = f" (was {was})" if was else ""
    return Event(
        at=outcome.at,
        text=f"{action.title}{came_of}",
        link=action.get_absolute_url(),
        by=str(action.started_by),
    )
