"""Which past tasks are meant: what the list is filtered by, as people choose it and as SQL."""

from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from pipeline.candidates.models import Candidate, CandidateSearch, Opening
from pipeline.candidates.search import Words, tsquery
from pipeline.foundation.paging.by_cursor import EVERYTHING
from pipeline.foundation.parameters import DayField
from pipeline.outreach.models import Campaign
from pipeline.tasks.models import Task
from pipeline.tasks.models.actors import CancelSource
from pipeline.tasks.models.querysets import TaskQuerySet
from pipeline.tasks.models.states import PAST, State
from pipeline.tasks.models.types import TaskType
from pipeline.workspaces.models import User

from .journeys import Journey, journeys_of, meant

# The task's column for each filter that is one; those that narrow most go first.
COLUMNS = {
    "campaign": "campaign",
    "agent": "agent",
    "opening": "opening",
    "source": "cancel_source",
    "type": "type",
    "state": "state",
}
# Filters whose index does not begin with the workspace, and that can be of no other one.
OF_ONE_WORKSPACE = ("campaign", "opening")


def gone(what: str) -> dict[str, str]:
    sentence = _("The %(what)s no longer exists, or you can’t see it. Choose another.") % {
        "what": what
    }
    return {"invalid_choice": sentence}


def a_date(label: str) -> DayField:
    return DayField(
        required=False,
        label=label,
        error_messages={
            "invalid": _("“%(label)s” is not a date. Use the format 2026-11-21.") % {"label": label}
        },
    )


class PastFilter(forms.Form):
    """Takes only what `user` may see: with another's id it is invalid, and finds nothing."""

    state = forms.ChoiceField(
        required=False,
        choices=[(state.value, state.label) for state in PAST],
        error_messages=gone("state"),
    )
    type = forms.ChoiceField(
        required=False, choices=TaskType.choices, error_messages=gone("task type")
    )
    campaign: Any = forms.ModelChoiceField(None, required=False, error_messages=gone("campaign"))
    agent: Any = forms.ModelChoiceField(None, required=False, error_messages=gone("agent"))
    source = forms.ChoiceField(
        required=False, choices=CancelSource.choices, error_messages=gone("cancel source")
    )
    journey = forms.CharField(required=False, max_length=200)
    opening: Any = forms.ModelChoiceField(None, required=False, error_messages=gone("opening"))
    since = a_date("Ended from")
    until = a_date("Ended to")
    candidate: Any = forms.ModelChoiceField(None, required=False, error_messages=gone("candidate"))
    q = forms.CharField(required=False, max_length=200)  # see `words`

    def __init__(self, data: QueryDict, user: User) -> None:
        super().__init__(data)
        self.user = user
        self.membership = user.membership
        colleagues = User.objects.filter(membership__workspace=self.membership.workspace_id)
        offers: dict[str, QuerySet[Any]] = {
            "campaign": Campaign.objects.visible_to(user),
            "agent": colleagues.order_by("first_name", "last_name", "pk"),
            "opening": Opening.objects.visible_to(user),
            "candidate": Candidate.objects.visible_to(user),
        }
        for name, offer in offers.items():
            self.fields[name].queryset = offer  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        chosen = self.cleaned_data
        since, until = chosen.get("since"), chosen.get("until")
        if since and until and since > until:
            self.add_error("until", "“Ended to” is before “Ended from”. Change one of them.")
        if chosen.get("source") or chosen.get("journey"):
            chosen["state"] = State.CANCELED.value  # the only ones that something canceled
        return chosen

    @cached_property
    def chosen(self) -> dict[str, Any]:
        """What each filter is set to, as objects; nothing when one of them is invalid."""
        if not self.is_valid():
            return {}
        return {name: value for name, value in self.cleaned_data.items() if value}

    @property
    def problems(self) -> list[str]:
        return [str(problem) for problems in self.errors.values() for problem in problems]

    @cached_property
    def journeys(self) -> list[Journey]:
        """Those on offer."""
        return journeys_of(self.membership)

    @cached_property
    def journey_ids(self) -> list[int]:
        """What is meant by the chosen journey."""
        text = self.chosen.get("journey", "")
        return meant(text, [] if text.isdecimal() else self.journeys)

    @cached_property
    def openings(self) -> list[int] | None:
        """The openings that can be in question; None: all of the workspace."""
        if "opening" in self.chosen:
            return [self.chosen["opening"].pk]
        if self.membership.is_limited:
            return list(self.membership.openings.values_list("pk", flat=True))
        return None

    # --- as SQL; see paging.py ---

    @property
    def words(self) -> str:
        """The search for a candidate as a tsquery, or nothing."""
        return tsquery(self.chosen.get("q", ""))

    @property
    def period(self) -> Q:
        """The days, which are the workspace's, as two points in time."""
        chosen, inside = self.chosen, Q()
        if "since" in chosen:
            inside &= Q(ended_at__gte=self.midnight(chosen["since"]))
        if "until" in chosen:
            inside &= Q(ended_at__lt=self.midnight(chosen["until"] + timedelta(days=1)))
        return inside

    def midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), self.membership.workspace.tz)

    @cached_property
    def begins(self) -> list[dict[str, Any]]:
        """What the walks begin with: the values of an index's columns, one dict for each walk."""
        workspace = {"workspace": self.membership.workspace_id}
        places = [workspace]
        if self.openings is not None:
            places = [{"opening": opening} for opening in self.openings]
        if "journey" in self.chosen:
            return [
                place | {"canceled_by_journey_id": journey}
                for place in places
                for journey in self.journey_ids
            ]
        if self.openings is None:
            for name, column in COLUMNS.items():
                if name in self.chosen:
                    begin = {column: self.chosen[name]}
                    return [begin if name in OF_ONE_WORKSPACE else workspace | begin]
        return places

    @property
    def rest(self) -> Q:
        """What the walks leave open, but for the words."""
        said = {name for begin in self.begins for name in begin}
        if "canceled_by_journey_id" in said:
            said.add("state")
        if "source" in self.chosen:
            said.add("state")
        rest = Q()
        for name, column in COLUMNS.items():
            if name in self.chosen and column not in said:
                rest &= Q(**{column: self.chosen[name]})
        return rest

    @property
    def qs(self) -> TaskQuerySet:
        """All that match, in no order."""
        tasks: TaskQuerySet = Task.objects.visible_to(self.user).past().order_by()
        if not self.is_valid():
            return tasks.none()
        chosen = self.chosen
        tasks = tasks.filter(self.period)
        for name, column in COLUMNS.items():
            if name in chosen:
                tasks = tasks.filter(**{column: chosen[name]})
        if "journey" in chosen:
            tasks = tasks.filter(canceled_by_journey_id__in=self.journey_ids)
        if "candidate" in chosen:
            tasks = tasks.filter(candidate=chosen["candidate"])
        if self.words:
            found = CandidateSearch.objects.filter(document=Words(self.words))
            tasks = tasks.filter(candidate__in=found.values("pk")[:EVERYTHING])
        return tasks

    # --- for people ---

    @property
    def fields_set(self) -> list[tuple[str, str]]:
        """Name and value of each filter that is set, as a form posts them."""
        return [(name, str(getattr(value, "pk", value))) for name, value in self.chosen.items()]

    @property
    def query(self) -> str:
        return urlencode(self.fields_set)

    def query_with_state(self, state: str) -> str:
        """For the tabs: a completed task has no source and no journey."""
        left = {"state"} if state == State.CANCELED else {"state", "source", "journey"}
        kept = [(name, value) for name, value in self.fields_set if name not in left]
        return urlencode([("state", state), *kept] if state else kept)

    def describe(self) -> str:
        """The filters in words: "canceled, Outbound Call, in Warehouse"; empty without any."""
        chosen = self.chosen
        labels = dict(TaskType.choices) | dict(CancelSource.choices)
        parts = [State(chosen["state"]).label.lower()] if "state" in chosen else []
        parts += [labels[chosen["type"]]] if "type" in chosen else []
        for name, word in SAID.items():
            parts += [f"{word} {chosen[name]}"] if name in chosen else []
        parts += [f"source {labels[chosen['source']]}"] if "source" in chosen else []
        parts += [f"by journey “{chosen['journey']}”"] if "journey" in chosen else []
        for name, word in {"since": "from", "until": "to"}.items():
            parts += [f"{word} {date_format(chosen[name], 'j M Y')}"] if name in chosen else []
        parts += [f"candidate “{chosen['q']}”"] if "q" in chosen else []
        return ", ".join(parts)


SAID = {"campaign": "campaign", "agent": "agent", "opening": "in", "candidate": "of"}
