"""The filter of the candidates' list by the journey that somebody is in."""

from django.db.models import QuerySet

from pipeline.candidates.filters import RelatedFilter
from pipeline.workspaces.models import User

from .models import Journey, JourneyState, Run


def in_use(user: User) -> QuerySet[Journey]:
    """Journeys that somebody can be in."""
    unused = (JourneyState.DRAFT, JourneyState.ARCHIVED)
    return Journey.objects.visible_to(user).exclude(state__in=unused)


def runs_in(journey: Journey) -> QuerySet[Run]:
    return Run.objects.running().filter(journey=journey)


IN_PROGRESS = RelatedFilter(
    name="journey", label="Journey", words="in the journey {}", offer=in_use, rows=runs_in
)
