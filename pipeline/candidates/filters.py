"""The filters of the candidates list, and of a selection of all candidates that match.

The rooms above add their filters in their AppConfig's `ready`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import urlencode

import django_filters
from django import forms
from django.db.models import QuerySet
from django.http import QueryDict

from pipeline.foundation.paging.by_cursor import EVERYTHING
from pipeline.workspaces.models import Membership, User

from .models import (
    Candidate,
    CandidateLabel,
    CandidateQuerySet,
    CandidateSearch,
    Folder,
    Label,
    Opening,
)
from .search import Words, tsquery


@dataclass(frozen=True)
class RelatedFilter:
    """A filter for those candidates of whom another table has a row with the chosen value."""

    name: str
    label: str  # "Label": a list of choices that begins with "Any label"
    words: str  # "with label {}"
    offer: Callable[[User], QuerySet[Any]]  # what there is to choose, and that the user may see
    # Of a value, its rows: at most one for a candidate, by an index that has them in the order of
    # `candidate_id`.
    rows: Callable[[Any], QuerySet[Any]]

    def narrow(self, candidates: CandidateQuerySet, _: str, value: Any) -> CandidateQuerySet:
        return candidates.filter(pk__in=self.rows(value).values("candidate_id"))


RELATED_FILTERS = [
    RelatedFilter(
        name="label",
        label="Label",
        words="with label {}",
        offer=Label.objects.visible_to,
        rows=lambda label: CandidateLabel.objects.filter(label=label),
    )
]


class FilterForm(forms.Form):
    def clean(self) -> dict[str, Any]:
        chosen = self.cleaned_data
        opening, folder = chosen.get("opening"), chosen.get("folder")
        if opening and folder and folder.opening_id != opening.pk:
            self.add_error("folder", "This folder is in another opening.")
        return chosen


class CandidateFilter(django_filters.FilterSet):  # type: ignore[misc]  # it ships no types
    """Filters what `user` may see. An id the user can't see makes it invalid, and `qs` empty."""

    opening = django_filters.ModelChoiceFilter(queryset=Opening.objects.none())
    folder = django_filters.ModelChoiceFilter(queryset=Folder.objects.none())
    recruiter = django_filters.ModelChoiceFilter(queryset=Membership.objects.none())
    source = django_filters.CharFilter()
    q = django_filters.CharFilter()  # see `words`

    class Meta:
        model = Candidate
        form = FilterForm
        fields: ClassVar[list[str]] = []

    def __init__(self, data: QueryDict, user: User) -> None:
        super().__init__(data, Candidate.objects.visible_to(user))
        self.user = user
        self.membership = user.membership
        offers: dict[str, QuerySet[Any]] = {
            "opening": Opening.objects.visible_to(user),
            "folder": Folder.objects.visible_to(user).select_related("opening"),
            "recruiter": Membership.objects.filter(
                workspace=self.membership.workspace_id
            ).select_related("user"),
        }
        for name, offer in offers.items():
            self.filters[name].queryset = offer
        for related in RELATED_FILTERS:
            self.filters[related.name] = self.through(related)

    def through(self, related: RelatedFilter) -> django_filters.Filter:
        choice = django_filters.ModelChoiceFilter(
            field_name=related.name,
            queryset=related.offer(self.user),
            method=related.narrow,
            empty_label=f"Any {related.label.lower()}",
            widget=forms.Select({"class": "form-select", "aria-label": related.label}),
        )
        choice.parent, choice.model = self, Candidate
        return choice

    @property
    def chosen(self) -> dict[str, Any]:
        """What each filter is set to, as objects; nothing when one of them is invalid."""
        if not self.is_valid():
            return {}
        return {name: value for name, value in self.form.cleaned_data.items() if value}

    @property
    def words(self) -> str:
        """The search as a tsquery, or nothing."""
        return tsquery(self.chosen.get("q", ""))

    @property
    def before_search(self) -> CandidateQuerySet:
        """Candidates that match all filters but the search.

        A folder is in one opening: to look for both costs a walk through the whole opening.
        """
        candidates: CandidateQuerySet = self.queryset if self.is_valid() else self.queryset.none()
        implied = {"q", "opening"} if "folder" in self.chosen else {"q"}
        for name, value in self.chosen.items():
            if name not in implied:
                candidates = self.filters[name].filter(candidates, value)
        return candidates

    @property
    def rows(self) -> QuerySet[Any] | None:
        """The rows of the first chosen filter that works through another table, if any."""
        found = (
            related.rows(self.chosen[related.name])
            for related in RELATED_FILTERS
            if related.name in self.chosen
        )
        return next(found, None)

    @property
    def choices(self) -> list[forms.BoundField]:
        """The filters of RELATED_FILTERS that have something to choose, as lists."""
        offered = [
            related.name
            for related in RELATED_FILTERS
            if self.filters[related.name].queryset.exists()
        ]
        return [self.form[name] for name in offered]

    @property
    def qs(self) -> CandidateQuerySet:
        if not self.words:
            return self.before_search
        found = CandidateSearch.objects.filter(document=Words(self.words))
        return self.before_search.filter(pk__in=found.values("pk")[:EVERYTHING])

    @property
    def fields(self) -> list[tuple[str, str]]:
        """Name and value of each filter that is set, as a form posts them."""
        return [(name, str(getattr(value, "pk", value))) for name, value in self.chosen.items()]

    @property
    def query(self) -> str:
        return urlencode(self.fields)

    @property
    def query_without_folder(self) -> str:
        return urlencode([(name, value) for name, value in self.fields if name != "folder"])

    def describe(self) -> str:
        """The filters in words: "in Inbox of Warehouse, with label German"; empty without any."""
        chosen = self.chosen
        place = " of ".join(str(chosen[name]) for name in ("folder", "opening") if name in chosen)
        if "folder" in chosen and "opening" not in chosen:
            place = f"{chosen['folder']} of {chosen['folder'].opening}"
        parts = [place and f"in {place}"]
        parts += [
            related.words.format(chosen[related.name])
            for related in RELATED_FILTERS
            if related.name in chosen
        ]
        parts += [f"of recruiter {chosen['recruiter'].user}"] if "recruiter" in chosen else []
        parts += [f"from {chosen['source']}"] if "source" in chosen else []
        parts += [f"matching “{chosen['q']}”"] if "q" in chosen else []
        return ", ".join(filter(None, parts))
