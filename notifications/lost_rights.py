"""Notices to Owners: Belay stopped what somebody had ordered, as that person may no longer.

The person, while still a member, is told as of every other end: see notices.py.
"""

from collections.abc import Iterator
from datetime import UTC

from pipeline.bulk_actions.models import BulkAction
from pipeline.bulk_actions.progress import Progress
from pipeline.candidates.models.candidate_import import CandidateImport
from pipeline.journeys.models import Journey
from pipeline.journeys.rights import scheduler_of
from pipeline.workspaces.models import Membership, Role, User

from .models import Notice

BY_WHOM = ("scheduled_by__membership", "version__published_by__membership")  # of_paused looks it up


def to_owners_of_canceled(action: BulkAction) -> Iterator[Notice]:
    counts = "" if action.being_sent else f": {Progress(action).counts}"
    text = f"Belay canceled “{action.title}”{counts}. {action.failure}"
    for owner in owners_of(action.workspace_id):
        if owner.pk != action.started_by_id:
            about = f"action-{action.pk}"
            yield Notice(user=owner, about=about, text=text, link=action.get_absolute_url())


def to_owners_of_revoked(imported: CandidateImport) -> Iterator[Notice]:
    text = f"Belay canceled the import of {imported}. {imported.error}"
    for owner in owners_of(imported.opening.workspace_id):
        if owner.pk != imported.ordered_by_id:
            link = imported.get_absolute_url()
            yield Notice(user=owner, about=about_import(imported), text=text, link=link)


def of_paused(journey: Journey) -> Iterator[Notice]:
    """To Owners, and to the member by whom the schedule ran; everybody may look at a journey."""
    assert journey.paused_at is not None
    about = f"journey-{journey.pk}-{journey.paused_at.astimezone(UTC):%Y%m%d%H%M%S%f}"
    text = f"Belay paused the journey “{journey}”. {journey.paused_why}"
    members = owners_of(journey.workspace_id)
    by = scheduler_of(journey)
    place = getattr(by, "membership", None)
    if by and place and place.workspace_id == journey.workspace_id and by not in members:
        members.append(by)
    for member in members:
        yield Notice(user=member, about=about, text=text, link=journey.get_absolute_url())


def about_import(imported: CandidateImport) -> str:
    """Each end of one import is told, if it was tried again."""
    assert imported.ended_at is not None
    return f"import-{imported.pk}-{imported.ended_at.astimezone(UTC):%Y%m%d%H%M%S%f}"


def owners_of(workspace_id: int) -> list[User]:
    owners = Membership.objects.filter(
        workspace=workspace_id, role=Role.OWNER, user__is_active=True
    )
    return [member.user for member in owners.select_related("user").order_by("pk")]
