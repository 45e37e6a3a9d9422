"""Which runs of a journey are meant."""

import django_filters
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy

from pipeline.candidates.models import CandidateSearch
from pipeline.candidates.search import Words, tsquery
from pipeline.candidates.sight import sight_of
from pipeline.foundation.parameters import DayFilter
from pipeline.journeys.blocks.view import read
from pipeline.journeys.definition.definition import BadDefinition
from pipeline.journeys.models import Journey, JourneyVersion, Run, RunQuerySet, RunState
from pipeline.workspaces.models import User

NEWEST = 20  # versions whose blocks are on offer
LONGEST = 80  # letters of a block's name there


class RunFilter(django_filters.FilterSet):  # type: ignore[misc]
    """Narrows the runs of one journey down. Dates are days in the workspace's time zone."""

    q = django_filters.CharFilter(label="Candidate", method="with_words", max_length=200)
    state = django_filters.ChoiceFilter(choices=RunState.choices, empty_label="Any state")
    version = django_filters.ModelChoiceFilter(
        queryset=JourneyVersion.objects.none(), empty_label="Any version"
    )
    block = django_filters.ChoiceFilter(
        label=gettext_lazy("Current or last block"), empty_label="Any block"
    )
    since = DayFilter(
        field_name="started_at",
        lookup_expr="date__gte",
        label="Entered from",
    )
    until = DayFilter(
        field_name="started_at",
        lookup_expr="date__lte",
        label="Entered to",
    )

    class Meta:
        model = Run
        fields: tuple[str, ...] = ()

    def __init__(self, data: QueryDict, runs: RunQuerySet, journey: Journey, user: User) -> None:
        super().__init__(data, queryset=runs.filter(journey=journey))
        self.filters["version"].queryset = journey.versions.all()
        self.filters["version"].field.label_from_instance = lambda version: f"v{version.number}"
        self.filters["block"].extra["choices"] = [
            (pk, sight_of(user).clean(title)[:LONGEST]) for pk, title in blocks_of(journey)
        ]

    def with_words(self, runs: RunQuerySet, name: str, text: str) -> QuerySet[Run]:
        """Those of candidates who have a word that begins with each word typed."""
        words = tsquery(text)
        if not words:
            return runs.none()
        found = CandidateSearch.objects.filter(document=Words(words))
        return runs.filter(candidate__in=found.values("pk"))


def blocks_of(journey: Journey) -> list[tuple[str, str]]:
    """Those of its newest versions, as the last one that has them names them."""
    labels: dict[str, str] = {}
    for version in journey.versions.order_by("-number")[:NEWEST]:
        try:
            nodes = version.parse()
        except BadDefinition:
            continue  # its runs say so
        for node in nodes:
            labels.setdefault(node.id, f"{node.id} · {read(node).title}")
    return list(labels.items())
