"""The queue as a list: its filters, and one page of it however many tasks wait."""

from datetime import timedelta
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.db.models import Q, QuerySet
from django.http import QueryDict

from pipeline.candidates.models import Opening
from pipeline.foundation import database_clock
from pipeline.outreach.models import Campaign, Priority
from pipeline.tasks.models import QUEUE_ORDER, Task
from pipeline.tasks.models.types import TaskChannel, TaskType, types_of
from pipeline.tasks.paging import first_ids
from pipeline.workspaces.models import User

from .cursor import Cursor

PAGE = 50
AGES = {
    "1h": ("1 hour", timedelta(hours=1)),
    "1d": ("1 day", timedelta(days=1)),
    "3d": ("3 days", timedelta(days=3)),
    "7d": ("7 days", timedelta(days=7)),
}


class QueueForm(forms.Form):
    """Takes only what `user` may see."""

    channel = forms.ChoiceField(choices=[("", "Any channel"), *TaskChannel.choices])
    type = forms.ChoiceField(choices=[("", "Any type"), *TaskType.choices])
    campaign = forms.ModelChoiceField(Campaign.objects.none(), empty_label="Any campaign")
    priority = forms.TypedChoiceField(
        choices=[("", "Any priority"), *reversed(Priority.choices)], coerce=int, empty_value=None
    )
    opening = forms.ModelChoiceField(Opening.objects.none(), empty_label="Any opening")
    age = forms.ChoiceField(
        choices=[("", "Any age"), *((key, f"Over {words}") for key, (words, _) in AGES.items())],
        label="Waiting",
    )

    def __init__(self, data: QueryDict, user: User) -> None:
        super().__init__(data)
        offers: dict[str, QuerySet[Any]] = {
            "campaign": Campaign.objects.visible_to(user).for_agents(),
            "opening": Opening.objects.visible_to(user),
        }
        for name, offer in offers.items():
            self.fields[name].queryset = offer  # type: ignore[attr-defined]
        for name, field in self.fields.items():
            field.required = False
            attrs = {"class": "form-select", "aria-label": field.label or name.capitalize()}
            field.widget.attrs.update(attrs)


class Queue:
    """One page of the waiting tasks that `user` may see, narrowed down by what `data` says."""

    def __init__(self, data: QueryDict, user: User) -> None:
        self.user = user
        self.membership = user.membership
        self.form = QueueForm(data, user)
        self.is_valid = self.form.is_valid()
        self.cursor = Cursor.from_text(data.get("after", ""))

    @cached_property
    def chosen(self) -> dict[str, Any]:
        if not self.is_valid:
            return {}
        return {name: value for name, value in self.form.cleaned_data.items() if value}

    @cached_property
    def found(self) -> list[int]:
        return first_ids(self.walks, self.rest, PAGE + 1) if self.is_valid else []

    @cached_property
    def tasks(self) -> list[Task]:
        rows = Task.objects.visible_to(self.user).waiting().filter(pk__in=self.found[:PAGE])
        return list(rows.for_rows().order_by(*QUEUE_ORDER))

    @property
    def query(self) -> str:
        """What this page's address ends in."""
        return self.query_at(self.cursor)

    @property
    def next(self) -> str:
        """What the next page's address ends in; nothing on the last one."""
        has_more = len(self.found) > PAGE and self.tasks
        return self.query_at(Cursor.at(self.tasks[-1])) if has_more else ""

    @property
    def top(self) -> str:
        return self.query_at(None)

    def query_at(self, cursor: Cursor | None) -> str:
        fields = [(name, str(getattr(value, "pk", value))) for name, value in self.chosen.items()]
        return urlencode([*fields, *([("after", str(cursor))] if cursor else [])])

    # --- how it is found: which index is walked, and what is tried against the rest ---

    @cached_property
    def types(self) -> list[str] | None:
        """The types that the filters leave; None for all."""
        kind, channel = self.chosen.get("type"), self.chosen.get("channel")
        if channel is None:
            return kind and [kind]
        return [type for type in types_of(channel) if kind in (None, type)]

    @cached_property
    def openings(self) -> list[int] | None:
        """The openings that the filters and the member's limit leave; None for all."""
        if "opening" in self.chosen:
            return [self.chosen["opening"].pk]
        if self.membership.is_limited:
            return list(self.membership.openings.values_list("pk", flat=True))
        return None

    @property
    def walks_by_type(self) -> bool:
        if self.types is None or "campaign" in self.chosen:
            return False
        return self.openings is None or min(len(self.openings), len(self.types)) <= 1

    @cached_property
    def walks(self) -> list[QuerySet[Task]]:
        waiting = Task.objects.waiting().order_by(*QUEUE_ORDER)
        if "campaign" in self.chosen:
            places = [waiting.filter(campaign=self.chosen["campaign"])]
        elif self.openings is not None:
            places = [waiting.filter(opening=pk) for pk in self.openings]
        else:
            places = [waiting.filter(workspace=self.membership.workspace_id)]
        if self.walks_by_type:
            places = [place.filter(type=type) for place in places for type in self.types or ()]
        if "priority" in self.chosen:
            places = [place.filter(priority=self.chosen["priority"]) for place in places]
        parts = self.cursor.parts if self.cursor else [Q()]
        return [place.filter(part) for place in places for part in parts]

    @property
    def rest(self) -> Q:
        rest = Q()
        if self.types is not None and not self.walks_by_type:
            rest &= Q(type__in=self.types)
        if self.openings is not None and "campaign" in self.chosen:
            rest &= Q(opening__in=self.openings)
        if "age" in self.chosen:
            _, age = AGES[self.chosen["age"]]
            # With the types, as the index by age has them before it.
            types = Q(type__in=self.types or TaskType.values)
            rest &= Q(queued_at__lt=database_clock.now() - age) & types
        return rest
