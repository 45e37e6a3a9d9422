"""Journeys for the demo workspace, with some hundred runs through them, in every state.

The runs are real: candidates enter, and the runner takes each step. Only the clock is put back
after each, so that it looks as if all had been on time for two weeks, and no message is handed to
a provider. The same candidates get the same runs.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction

from pipeline.candidates.models import Candidate, CandidateLabel, FolderKind
from pipeline.foundation.lifecycle import move
from pipeline.journeys.lifecycle import listen, pause
from pipeline.journeys.models import Journey, JourneyVersion, Run
from pipeline.journeys.reasons import Code, because
from pipeline.journeys.writing.stop import stop_runs
from pipeline.outreach.models import Campaign
from pipeline.tasks import reasons as task_reasons
from pipeline.tasks.demo.load import DAY, HOUR, LONG_AGO, PEOPLE, Author
from pipeline.tasks.demo.work import NIGHT, WEEKEND, WIN_BACK, Some
from pipeline.tasks.models import Disposition, Task, TaskRelease
from pipeline.tasks.models.actors import CancelSource
from pipeline.tasks.models.states import State
from pipeline.tasks.models.types import TaskType
from pipeline.workspaces.models import Workspace

from .clock import enter_at, take_steps, wake_at
from .journeys import APPLIED, BLOCKED, BY_TEXT, CONVERTED, FAIR, HIRED, MONDAY, Draft, Shelf

T, S = TaskType, CancelSource
OLD = task_reasons.Reason(task_reasons.Code.TIMED_OUT, {"days": 14})
# What became of the tasks that journeys made: of new applicants, and of who was asked by text.
CALLS = (
    (State.IN_QUEUE, Some(10, T.OUTBOUND_CALL)),
    (State.ASSIGNED, Some(2, T.OUTBOUND_CALL)),
    (State.COMPLETED, Some(13, T.OUTBOUND_CALL)),
    (State.CANCELED, Some(3, T.OUTBOUND_CALL, None, S.CANDIDATE, "Withdrew the application.")),
    (State.CANCELED, Some(4, T.OUTBOUND_CALL, None, S.TIMEOUT, OLD)),
)
TEXTS = (
    (State.IN_QUEUE, Some(16, T.OUTBOUND_SMS, NIGHT)),
    (State.ASSIGNED, Some(1, T.OUTBOUND_SMS, NIGHT)),
    (State.COMPLETED, Some(12, T.OUTBOUND_SMS, NIGHT)),
    (State.CANCELED, Some(5, T.OUTBOUND_SMS, NIGHT, S.CANDIDATE, "Wants no SMS any more.")),
)
UNANSWERED = 6  # asked by text, or rather not: nobody accepted the task within a week
FROM_TEXTS = 5  # of those whose number is blocked: they were asked by text
# The tasks of one person whom a journey takes them from.
OF_CONVERTED = (
    *10 * [[Some(1, T.OUTBOUND_CALL, WIN_BACK)]],
    *5 * [[Some(1, T.OUTBOUND_CALL, WEEKEND)]],
    *6 * [[Some(1, T.OUTBOUND_CALL, WIN_BACK), Some(1, T.ASAP_CALLBACK)]],
    *2 * [[]],  # nothing waited
)
OF_BLOCKED = (*4 * [[Some(1, T.VOICEMAIL)]], *4 * [[Some(1, T.SCHEDULED_CALLBACK)]], [])
# Of a task that a journey made: what agents, candidates and time do to it.
LIFE = (
    "state",
    "queued_at",
    "agent",
    "agent_name",
    "accepted_at",
    "ended_at",
    "disposition",
    "cancel_reason",
    "cancel_facts",
    "cancel_source",
    "canceled_by_name",
)


@transaction.atomic
def add_journeys(workspace: Workspace) -> None:
    """The journeys, and their runs: fewer for few candidates, none for none."""
    Story(workspace).tell()


class Story:
    """Who travelled through which journey, and what happened to them there."""

    def __init__(self, workspace: Workspace) -> None:
        campaigns = list(Campaign.objects.filter(workspace=workspace).order_by("number"))
        self.workspace = workspace
        self.shelf = Shelf(workspace, campaigns)
        self.author = Author(workspace, campaigns, first=PEOPLE)
        self.now = self.author.now
        self.people = iter(self.author.people)

    def tell(self) -> None:
        shelf = self.shelf
        applied = self.live(APPLIED, shelf.applied)
        by_text = self.live(BY_TEXT, shelf.by_text)
        hired = self.live(HIRED, shelf.hired)
        self.draft(MONDAY, shelf.monday)
        self.let_apply(applied)
        asked = self.ask_by_text(by_text)
        self.convert()
        self.block(asked)
        self.hire(hired)
        take_steps([applied, by_text, hired])
        self.thank_for_coming()

    def draft(self, name: str, draft: Draft) -> Journey:
        return Journey.objects.create(
            workspace=self.workspace,
            name=name,
            draft=draft,
            created_by=self.author.recruiter,
            created_at=self.now - 2 * LONG_AGO,
        )

    def live(self, name: str, draft: Draft) -> Journey:
        journey = self.draft(name, draft)
        self.publish(journey, draft, self.now - LONG_AGO)
        return journey

    def publish(self, journey: Journey, draft: Draft, at: datetime) -> None:
        """The next version. As `publishing.publish`, but then: a version can't be put back."""
        version = JourneyVersion.objects.create(
            journey=journey,
            number=journey.versions.count() + 1,
            definition=draft,
            published_at=at,
            published_by=self.author.recruiter,
        )
        move(journey, Journey.MOVES, "publish", version=version, draft=draft)
        listen(journey)

    # --- what happened ---

    def let_apply(self, journey: Journey) -> None:
        by = f"Started by {self.author.recruiter}"  # they applied long before there was a journey
        self.work_off(journey, self.lives(CALLS), by)

    def ask_by_text(self, journey: Journey) -> dict[Candidate, datetime]:
        """Returns those whose task still waits when their number is blocked, and when that is."""
        tasks = self.lives(TEXTS)
        for person in self.some(UNANSWERED):
            moment = self.now - self.author.between(8 * DAY, 12 * DAY)
            tasks.append(self.author.waiting_until(moment, TEXTS[0][1], person))
        blocked = {person: self.lately() for person in self.some(FROM_TEXTS)}
        for person, moment in blocked.items():
            tasks.append(self.author.waiting_until(moment, TEXTS[0][1], person))
        self.work_off(journey, tasks, f"Started by {self.author.recruiter}")
        answered = [task for task in tasks if task.disposition == Disposition.ANSWERED]
        moments = {task.candidate_id: task.ended_at for task in answered if task.ended_at}
        wake_at(journey, "Night shift accepted", moments)
        return blocked

    def convert(self) -> None:
        moments = {person: self.lately() for person in self.some(len(OF_CONVERTED))}
        for busy in self.some(2):  # an agent has just accepted their call: it is spared
            Task.objects.bulk_create(
                [self.author.task(State.ASSIGNED, Some(1, T.OUTBOUND_CALL, WIN_BACK), busy)]
            )
            moments[busy] = self.now
        self.prepare("Converted", moments, OF_CONVERTED)
        journey = self.live(CONVERTED, self.shelf.converted(T.OUTBOUND_CALL))
        with_callbacks = self.shelf.converted(T.OUTBOUND_CALL, T.ASAP_CALLBACK)
        self.publish(journey, with_callbacks, self.now - 20 * DAY)
        self.enter(journey, moments)
        take_steps([journey])

    def block(self, asked: dict[Candidate, datetime]) -> None:
        more = {person: self.lately() for person in self.some(len(OF_BLOCKED) - len(asked))}
        self.prepare("Blocked number", asked | more, OF_BLOCKED)
        journey = self.live(BLOCKED, self.shelf.blocked)
        self.enter(journey, asked | more)
        take_steps([journey])

    def hire(self, journey: Journey) -> None:
        folder = self.shelf.folder(FolderKind.HIRED)
        people = self.author.known.filter(folder=folder)[:12]
        moments = {one: self.now - self.author.between(HOUR, 12 * DAY) for one in people}
        self.enter(journey, moments)
        take_steps([journey], 2)
        prompt = {one.pk: moments[one] + self.author.between(HOUR, 4 * DAY) for one in people[::3]}
        came = {pk: moment for pk, moment in prompt.items() if moment < self.now}
        wake_at(journey, "Documents received", came)

    def thank_for_coming(self) -> None:
        """The first version named a label that somebody deleted; then the journey was paused."""
        label = self.shelf.label("Job Fair Madrid")
        journey = self.live(FAIR, self.shelf.fair(label))
        self.enter(journey, {one: self.now - 6 * DAY - self.some_time() for one in self.some(3)})
        label.delete()
        take_steps([journey])
        draft = self.shelf.fair(self.shelf.label("Job Fair"))
        self.publish(journey, draft, self.now - 5 * DAY)
        self.enter(journey, {one: self.now - 2 * DAY - self.some_time() for one in self.some(8)})
        take_steps([journey])
        last = list(Run.objects.running().filter(journey=journey).order_by("-pk")[:2])
        for run in last:
            reason = because(Code.STOPPED_BY_HAND, by=str(self.author.admin))
            stop_runs(Run.objects.filter(pk=run.pk), reason)
        pause(journey, self.author.admin)

    # --- how it is told ---

    def some(self, number: int) -> list[Candidate]:
        """The next people, as long as there are any."""
        return [person for person, _ in zip(self.people, range(number), strict=False)]

    def lately(self) -> datetime:
        return self.now - self.author.lately(14 * DAY)

    def some_time(self) -> timedelta:
        return self.author.between(HOUR, DAY)

    def lives(self, work: Iterable[tuple[State, Some]]) -> list[Task]:
        """Tasks that are not there yet, each of somebody else, as they will be in the end."""
        return [
            self.author.task(state, some, person)
            for state, some in work
            for person in self.some(some.number)
        ]

    def enter(self, journey: Journey, moments: dict[Candidate, datetime], why: str = "") -> None:
        enter_at(journey, {person.pk: moment for person, moment in moments.items()}, why)

    def work_off(self, journey: Journey, tasks: list[Task], why: str = "") -> None:
        """Let the journey make these tasks, and then happen to them what is to."""
        self.enter(journey, {task.candidate: task.created_at for task in tasks}, why)
        take_steps([journey], 2)
        made = Task.objects.filter(created_by_journey_id=journey.pk)
        ids = dict(made.order_by("pk").values_list("candidate_id", "pk"))
        for task in tasks:
            task.pk = ids[task.candidate_id]
        Task.objects.bulk_update(tasks, LIFE)
        TaskRelease.objects.bulk_create(self.author.releases)
        self.author.releases.clear()

    def prepare(
        self, label: str, moments: dict[Candidate, datetime], work: Iterable[list[Some]]
    ) -> None:
        """Let them have these tasks until their moment, and the label that makes them enter: before
        the journey is live, as else it would be told of it."""
        given = self.shelf.label(label)
        Task.objects.bulk_create(
            self.author.waiting_until(moment, some, person)
            for (person, moment), few in zip(moments.items(), work, strict=False)
            for some in few
        )
        CandidateLabel.objects.bulk_create(
            (CandidateLabel(candidate=person, label=given) for person in moments),
            ignore_conflicts=True,
        )
