"""Who may do what with a journey: everybody in its workspace may look at it."""

from django.http import Http404

from pipeline.journeys.models import Journey, JourneyState, Run
from pipeline.journeys.rights import may_publish
from pipeline.workspaces.access import MembersWho
from pipeline.workspaces.models import User


def can_edit(user: User) -> bool:
    """Whose role starts things, and who sees all openings: a journey acts on all of them."""
    return may_publish(user.membership)


editors_only = MembersWho(
    may_publish,
    ("Changing a journey requires an Owner, Admin or Recruiter who can see all openings."),
)


def journey_of(user: User, pk: int) -> Journey:
    """One that the user may see."""
    visible = Journey.objects.visible_to(user).select_related("workspace", "version")
    found = visible.filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def can_stop_all(user: User, journey: Journey) -> bool:
    """Whether there are runs that the user may have stopped by a bulk action."""
    runs = Run.objects.visible_to(user).running().filter(journey=journey)
    is_in_use = journey.state != JourneyState.ARCHIVED
    return user.membership.can_start and is_in_use and runs.exists()


def is_editable(journey: Journey, user: User) -> bool:
    return can_edit(user) and journey.state != JourneyState.ARCHIVED
