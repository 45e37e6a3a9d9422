"""The rules of a Condition: what each kind asks for, and which candidates of a batch it is true of.

A kind is one small class and one line in RULES. Each asks one query for the whole batch.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.db.models.functions import Now

from pipeline.candidates.models import Candidate, CandidateLabel, Folder, FolderKind, Label, Opening
from pipeline.journeys.conditions import OPERATORS, is_met, number
from pipeline.outreach import optouts
from pipeline.outreach.models import PLURALS, Channel, Message, MessageStatus
from pipeline.outreach.placeholders import attribute_of
from pipeline.tasks.models import Disposition, Task
from pipeline.tasks.states import PAST, State
from pipeline.tasks.types import TaskType
from pipeline.workspaces.models import Membership, Workspace

from .base import gone, row_of, text_in

Ids = set[int]
MOST_DAYS = 3650
NEEDS_NO_VALUE = ("is_set", "is_not_set")
# When a task came into each state.
SINCE = {
    State.IN_QUEUE: "queued_at",
    State.ASSIGNED: "accepted_at",
    State.COMPLETED: "ended_at",
    State.CANCELED: "ended_at",
}


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
    "name": "Say which attribute.",
    "value": "Say what to compare with.",
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
                found["value"] = "“At least” and “at most” compare with a number."
        return found

    def compared(self, texts: Iterable[tuple[int, str]]) -> Ids:
        condition = self.options | {"property": "text"}
        return {pk for pk, text in texts if is_met(condition, {"text": text})}


class Attribute(Compared):
    label = "Attribute"
    asks = ("name", "operator", "value")

    @property
    def sentence(self) -> str:
        return f"{text_in(self.options, 'name') or '…'} {comparison(self.options)}"

    def of(self, candidates: list[int], workspace: Workspace) -> Ids:
        people = Candidate.objects.filter(pk__in=candidates).only("attributes").order_by()
        name = text_in(self.options, "name")
        return self.compared((person.pk, attribute_of(person, name)) for person in people)


class Source(Compared):
    label = "Source"

    @property
    def sentence(self) -> str:
        return f"the source {comparison(self.options)}"

    def of(self, candidates: list[int], workspace: Workspace) -> Ids:
        people = Candidate.objects.filter(pk__in=candidates).order_by()
        return self.compared(people.values_list("pk", "source"))


class Having(Rule):
    """A filter on the candidates themselves."""

    def of(self, candidates: list[int], workspace: Workspace) -> Ids:
        people = Candidate.objects.filter(pk__in=candidates).order_by()
        return set(people.filter(**self.filter).values_list("pk", flat=True))

    @property
    @abstractmethod
    def filter(self) -> dict[str, Any]: ...


class HasLabel(Rule):
    label = "Has the label"
    asks = ("label",)

    @property
    def sentence(self) -> str:
        return f"has the label “{self.named('label')}”"

    def of(self, candidates: list[int], workspace: Workspace) -> Ids:
        given = CandidateLabel.objects.filter(label=self.options["label"])
        theirs = given.filter(candidate__in=candidates)
        return set(theirs.values_list("candidate_id", flat=True))


class HasNoLabel(HasLabel):
    label = "Has not the label"
    is_negated = True

    @property
    def sentence(self) -> str:
        return f"has not the label “{self.named('label')}”"


class InFolder(Having):
    label = "Is in the folder"
    asks = ("folder",)

    @property
    def sentence(self) -> str:
        return f"is in the folder “{self.named('folder')}”"

    @property
    def filter(self) -> dict[str, Any]:
        return {"folder": self.options["folder"]}


class InKind(Having):
    label = "Is in a folder of the kind"
    asks = ("folder_kind",)

    @property
    def sentence(self) -> str:
        return f"is in a folder of the kind {self.word('folder_kind')}"

    @property
    def filter(self) -> dict[str, Any]:
        return {"folder__kind": self.options["folder_kind"]}


class OfOpening(Having):
    label = "Is in the opening"
    asks = ("opening",)

    @property
    def sentence(self) -> str:
        return f"is in the opening “{self.named('opening')}”"

    @property
    def filter(self) -> dict[str, Any]:
        return {"opening": self.options["opening"]}


class OfRecruiter(Having):
    label = "Has the recruiter"
    asks = ("recruiter",)

    @property
    def sentence(self) -> str:
        return f"has the recruiter {self.named('recruiter')}"

    @property
    def filter(self) -> dict[str, Any]:
        return {"recruiter": self.options["recruiter"]}


class HasRecruiter(Having):
    label = "Has a recruiter"
    sentence = "has a recruiter"
    filter: ClassVar = {"recruiter__isnull": False}


class HasNoRecruiter(HasRecruiter):
    label = "Has no recruiter"
    sentence = "has no recruiter"
    is_negated = True


class HadTask(Rule):
    label = "Has had a task"
    asks = ("task_type", "task_state", "days")
    optional = ("task_state", "days")

    @property
    def sentence(self) -> str:
        state = text_in(self.options, "task_state")
        ended = f", {self.word('task_state').lower()}" if state else ""
        return f"has had a task {self.word('task_type')}{ended}{lately(self.options)}"

    def of(self, candidates: list[int], workspace: Workspace) -> Ids:
        tasks = tasks_of(candidates, workspace).filter(type=self.options["task_type"])
        state = text_in(self.options, "task_state")
        if state:
            tasks = tasks.filter(state=state)
        return since(tasks, SINCE[State(state)] if state else "created_at", self.options)


class HasTask(Rule):
    label = "Has a waiting or accepted task"
    asks = ("task_type",)

    @property
    def sentence(self) -> str:
        return f"has a waiting or accepted task {self.word('task_type')}"

    def of(self, candidates: list[int], workspace: Workspace) -> Ids:
        tasks = tasks_of(candidates, workspace).filter(type=self.options["task_type"])
        return since(tasks.exclude(state__in=PAST), "created_at", {})


class HasNoTask(HasTask):
    label = "Has no waiting or accepted task"
    is_negated = True

    @property
    def sentence(self) -> str:
        return f"has no waiting or accepted task {self.word('task_type')}"


class LastDisposition(Rule):
    label = "The last task ended with"
    asks = ("task_type", "disposition")

    @property
    def sentence(self) -> str:
        return f"the last {self.word('task_type')} ended with “{self.word('disposition')}”"

    def of(self, candidates: list[int], workspace: Workspace) -> Ids:
        done = tasks_of(candidates, workspace).filter(
            type=self.options["task_type"], state=State.COMPLETED
        )
        last = done.order_by("candidate_id", "-ended_at", "-pk").distinct("candidate_id")
        wanted = self.options["disposition"]
        return {pk for pk, how in last.values_list("candidate_id", "disposition") if how == wanted}


class WasSent(Rule):
    """One that failed was not sent; one that nobody knows of may have been."""

    label = "Was sent a message"
    asks = ("channel", "days")
    optional = ("days",)
    verb: ClassVar[str] = "was sent"

    @property
    def sentence(self) -> str:
        article = "an" if self.word("channel")[:1] in "SE" else "a"
        channel = self.word("channel").replace("E-mail", "e-mail")
        return f"{self.verb} {article} {channel}{lately(self.options)}"

    def of(self, candidates: list[int], workspace: Workspace) -> Ids:
        sent = Message.objects.filter(candidate__in=candidates, channel=self.options["channel"])
        return since(sent.exclude(status=MessageStatus.FAILED), "created_at", self.options)


class WasNotSent(WasSent):
    label = "Was not sent a message"
    verb = "was not sent"
    is_negated = True


class OptedOut(Rule):
    label = "Has opted out"
    asks = ("channel",)

    @property
    def sentence(self) -> str:
        channel = text_in(self.options, "channel")
        plural = PLURALS[Channel(channel)] if channel in Channel.values else "…"
        return f"has opted out of {plural}"

    def of(self, candidates: list[int], workspace: Workspace) -> Ids:
        people = Candidate.objects.filter(pk__in=candidates).order_by()
        out = optouts.opted_out(people, self.options["channel"])
        return set(out.values_list("pk", flat=True))


def tasks_of(candidates: list[int], workspace: Workspace) -> Any:
    return Task.objects.filter(workspace=workspace).for_candidates(candidates).order_by()


def since(rows: Any, moment: str, options: dict[str, Any]) -> Ids:
    """Whose the rows are, of the last so many days where the options say so."""
    if days := options.get("days"):
        rows = rows.filter(**{f"{moment}__gte": Now() - timedelta(days=days)})
    return set(rows.order_by().values_list("candidate_id", flat=True).distinct())


def lately(options: dict[str, Any]) -> str:
    days = options.get("days")
    return f" in the last {days} day{'' if days == 1 else 's'}" if days else ""


RULES: dict[str, type[Rule]] = {
    "label": HasLabel,
    "not_label": HasNoLabel,
    "folder": InFolder,
    "folder_kind": InKind,
    "opening": OfOpening,
    "attribute": Attribute,
    "source": Source,
    "recruiter": OfRecruiter,
    "has_recruiter": HasRecruiter,
    "no_recruiter": HasNoRecruiter,
    "had_task": HadTask,
    "has_task": HasTask,
    "has_no_task": HasNoTask,
    "disposition": LastDisposition,
    "sent": WasSent,
    "not_sent": WasNotSent,
    "opted_out": OptedOut,
}
