"""The work pages at their fullest: a task and a campaign in each state, and what is sent there."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from django.urls import reverse

from pipeline.candidates.models import Candidate
from pipeline.outreach.models import Campaign, CampaignState
from pipeline.tasks.create import create_task
from pipeline.tasks.desk.forms import seen
from pipeline.tasks.models import Disposition, Task
from pipeline.tasks.models.actors import CancelSource, Creator
from pipeline.tasks.models.saved_filter import SavedFilter
from pipeline.tasks.models.types import TaskChannel, TaskType
from pipeline.workspaces.models import User

from .asking import Ask
from .targets import METHODS, Target

KIND = TaskType.OUTBOUND_CALL
PHONE = TaskChannel.PHONE.value
SOON = "2030-05-17T09:30"
# All that the forms of a task's page send: each view reads what is its own.
VERBS = ("task", "accept", "complete", "callback", "notes", "cancel", "release")
OF_TASK = {"disposition": "done", "notes": "Rang twice", "due_at": SOON, "complete": "on"}
STEPS = ("campaign", "edit", "make_ready", "pause", "resume", "delete")
OF_CAMPAIGN = {"name": "Baking days", "channel": PHONE, "work": "agents", "priority": "3"}
SAVED = {"name": "Mornings", "query": "state=completed&q=jo", "overwrite": "on"}
PAST = {
    "state": "canceled",
    "type": KIND.value,
    "source": CancelSource.AGENT.value,
    "since": "2020-02-29",
    "until": "2030-02-28",
    "q": "Inger",
    "journey": "Acme",
}


@dataclass(frozen=True)
class Work:
    """Acme's, as its owner has it."""

    owner: User
    candidate: Candidate
    waiting: Task
    mine: Task
    done: Task
    campaigns: list[Campaign]
    saved: SavedFilter

    @classmethod
    def of(cls, candidate: Candidate, owner: User) -> "Work":
        workspace = owner.membership.workspace
        campaigns = [
            Campaign.objects.launch(workspace, name=f"Is {state}", channel=PHONE, state=state)
            for state in CampaignState.values
        ]
        for_tasks = campaigns[CampaignState.values.index(CampaignState.READY)]
        waiting, mine, done = (
            create_task(candidate, KIND, Creator.person(owner), campaign=for_tasks)
            for _ in range(3)
        )
        assert mine.accept(owner)
        assert done.accept(owner)
        assert done.complete(owner, Disposition.REACHED)
        saved = SavedFilter.objects.create(
            workspace=workspace, user=owner, name="Kept", query="state=canceled"
        )
        return cls(owner, candidate, waiting, mine, done, campaigns, saved)

    @property
    def targets(self) -> Iterator[Target]:
        yield from self.of_lists()
        for task in (self.waiting, self.mine, self.done):
            stop = {"reason": "Moved away", "seen": seen(task)}
            usual = OF_TASK | stop | {"key": str(uuid4())}
            for verb in VERBS:
                yield from both(f"tasks:{verb}", usual, task.pk)
        for campaign in self.campaigns:
            for step in STEPS:
                yield from both(f"campaigns:{step}", OF_CAMPAIGN, campaign.pk)

    def of_lists(self) -> Iterator[Target]:
        """The lists with every filter set, and the forms for something new."""
        campaign = {"campaign": str(self.mine.campaign_id)}
        opening = {"opening": str(self.candidate.opening_id)}
        candidate = {"candidate": str(self.candidate.pk)}
        queue = {"channel": PHONE, "type": KIND.value, "priority": "2", "age": "1h"}
        place = f"2-1590000000000000-{self.waiting.pk}"
        yield from both("tasks:desk", queue | campaign | opening | {"after": place})
        yield from both("tasks:next", {})
        yield from both("tasks:new-candidates", {"q": "Inger"})
        new = candidate | campaign | {"type": KIND.value, "priority": "3", "due_at": SOON}
        yield from both("tasks:new", new | {"notes": "Rang", "key": str(uuid4())})
        past = PAST | campaign | opening | candidate | {"agent": str(self.owner.pk)}
        place = f"1990000000000000-{self.done.pk}"
        yield from both("past:list", past | {"after": place})
        yield from both("past:list", {"before": place})
        yield from both("past:csv", past)
        yield from both("past:saved_new", past | SAVED)
        yield from both("past:saved", SAVED, self.saved.pk)
        yield from both("past:saved_delete", {}, self.saved.pk)
        yield from both("past:history", {}, self.done.pk)
        yield from both("campaigns:list", {"after": "3", "before": "1"})
        yield from both("campaigns:new", OF_CAMPAIGN)


def both(url: str, usual: dict[str, str], *args: Any) -> Iterator[Target]:
    """To be asked for and posted to; what a view does not read does no harm."""
    path = reverse(url, args=args)
    for method in METHODS:
        yield Target(f"{method} {path}", Ask(method, path), usual)
