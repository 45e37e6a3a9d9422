"""What the rules of a Condition have in common: what they ask for, and whether it is there."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext

from pipeline.candidates.models import Candidate, Folder, FolderKind, Label, Opening
from pipeline.foundation.words import counted
from pipeline.journeys.blocks.base import gone, row_of, text_in
from pipeline.journeys.definition.conditions import OPERATORS, is_met, number
from pipeline.outreach.models import Channel
from pipeline.tasks.models import Disposition
from pipeline.tasks.models.states import State
from pipeline.tasks.models.types import TaskType
from pipeline.workspaces.models import Membership, Workspace

Ids = set[int]
MOST_DAYS = 3650
NEEDS_NO_VALUE = ("is_set", "is_not_set")


def members_of(workspace: Workspace) -> QuerySet[Membership]:
    return Membership.objects.filter(workspace=workspace).select_related("user")


ROWS: dict[str, Callable[[Workspace], QuerySet[Any]]] = {
    "label": lambda workspace: Label.objects.filter(workspace=workspace),
    "folder": lambda workspace: Folder.objects.filter(opening__workspace=workspace),
    "opening": lambda workspace: Opening.objects.filter(workspace=workspace),
    "recruiter": members_of,
}
CHOICES: dict[str, list[tuple[str, str]]] = {
    "operator": [(key, words) for key, (words, _) in OPERATORS.items()],
    "folder_kind": FolderKind.choices,
    "task_type": TaskType.choices,
    "task_state": [("", "any state"), *State.choices],
    "disposition": Disposition.choices,
    "channel": Channel.choices,
}
ASKED = {
    "name": "Enter the name of the attribute.",
    "value": "Enter a value to compare with.",
    "label": "Choose the label.",
    "folder": "Choose the folder.",
    "opening": "Choose the opening.",
    "recruiter": "Choose the recruiter.",
    "operator": "Choose how to compare.",
    "folder_kind": "Choose the kind of folder.",
    "task_type": "Choose the type of task.",
    "task_state": "Choose the state of the task.",
    "disposition": "Choose the disposition.",
    "channel": "Choose SMS or e-mail.",
    "days": f"Days are a whole number from 1 to {MOST_DAYS:,}.",
}


class Rule(ABC):
    """Made from its part of the block's options, which may be anything until `problem` is asked."""

    label: ClassVar[str]  # in the list of kinds
    asks: ClassVar[tuple[str, ...]] = ()  # which of the fields it has
    optional: ClassVar[tuple[str, ...]] = ()
    is_negated: ClassVar[bool] = False

    def __init__(self, options: dict[str, Any]) -> None:
        self.options = options

    def word(self, name: str) -> str:
        """As in "SMS", for the choice "sms"."""
        return dict(CHOICES[name]).get(text_in(self.options, name), "…")

    def named(self, name: str) -> str:
        return text_in(self.options, f"{name}_name") or "…"

    @property
    @abstractmethod
    def sentence(self) -> str:
        """What is true when it is met: "has the label “German”". Never raises."""

    @abstractmethod
    def of(self, candidates: list[int], workspace: Workspace) -> Ids:
        """Those of whom it is true, before `is_negated`."""

    def met(self, candidates: list[int], workspace: Workspace) -> Ids:
        found = self.of(candidates, workspace)
        return set(candidates) - found if self.is_negated else found & set(candidates)

    def missing(self) -> dict[str, str]:
        """The fields that are to be filled in, with what to do, whatever the options are."""
        fields = [name for name in self.asks if not self.has(name)]
        return {name: ASKED[name] for name in fields}

    def has(self, name: str) -> bool:
        value = self.options.get(name)
        if value in (None, "") and (name in self.optional or name == "value"):
            return name != "value" or text_in(self.options, "operator") in NEEDS_NO_VALUE
        if name in CHOICES:
            return isinstance(value, str) and value in dict(CHOICES[name])
        if name == "days":
            return type(value) is int and 1 <= value <= MOST_DAYS
        if name in ROWS:
            return type(value) is int
        return bool(text_in(self.options, name))

    def problem(self, workspace: Workspace) -> str:
        """The first thing that is not chosen, or that is gone; empty for none."""
        for sentence in self.missing().values():
            return sentence
        for name in self.asks:
            if name in ROWS and row_of(ROWS[name](workspace), self.options[name]) is None:
                return gone(name, self.named(name))
        return ""


def comparison(options: dict[str, Any]) -> str:
    """ "is at least “3”"."""
    operator = text_in(options, "operator")
    words = OPERATORS[operator][0] if operator in OPERATORS else "…"
    if operator in NEEDS_NO_VALUE:
        return words
    return f"{words} “{text_in(options, 'value')}”"


class Compared(Rule):
    """Of a text that the candidate has: compared as the conditions on events are."""

    asks: ClassVar[tuple[str, ...]] = ("operator", "value")

    def missing(self) -> dict[str, str]:
        found = super().missing()
        if not found and text_in(self.options, "operator") in ("at_least", "at_most"):
            try:
                number(text_in(self.options, "value"))
            except ValueError:
                found["value"] = gettext("“At least” and “at most” need a number.")
        return found

    def compared(self, texts: Iterable[tuple[int, str]]) -> Ids:
        condition = self.options | {"property": "text"}
        return {pk for pk, text in texts if is_met(condition, {"text": text})}


class Having(Rule):
    """A filter on the candidates themselves."""

    def of(self, candidates: list[int], workspace: Workspace) -> Ids:
        people = Candidate.objects.filter(pk__in=candidates).order_by()
        return set(people.filter(**self.filter).values_list("pk", flat=True))

    @property
    @abstractmethod
    def filter(self) -> dict[str, Any]: ...


def since(rows: Any, moment: str, options: dict[str, Any]) -> Ids:
    """Whose the rows are, of the last so many days where the options say so."""
    if days := options.get("days"):
        rows = rows.filter(**{f"{moment}__gte": Now() - timedelta(days=days)})
    return set(rows.order_by().values_list("candidate_id", flat=True).distinct())


def lately(options: dict[str, Any]) -> str:
    days = options.get("days")
    return f" in the last {counted(days, 'day')}" if isinstance(days, int) and days else ""
