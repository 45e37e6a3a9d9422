"""Rules about what there was with the candidate: tasks, messages, and having had enough of them."""

from typing import Any, ClassVar

from django.utils.translation import gettext as _

from pipeline.candidates.models import Candidate
from pipeline.journeys.blocks.base import text_in
from pipeline.outreach import optouts
from pipeline.outreach.models import PLURALS, Channel, Message, MessageStatus
from pipeline.tasks.models import Task
from pipeline.tasks.models.states import PAST, State
from pipeline.workspaces.models import Workspace

from .base import Ids, Rule, lately, since

# When a task came into each state.
SINCE = {
    State.IN_QUEUE: "queued_at",
    State.ASSIGNED: "accepted_at",
    State.COMPLETED: "ended_at",
    State.CANCELED: "ended_at",
}


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
    label = "Does not have a waiting or accepted task"
    is_negated = True

    @property
    def sentence(self) -> str:
        return _("does not have a waiting or accepted task %(word)s") % {
            "word": self.word("task_type")
        }


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
