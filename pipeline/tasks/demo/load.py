"""Campaigns and some hundred tasks for the demo workspace, in every state.

The same candidates get the same tasks: choices are drawn from a fixed seed, and only the clock
moves on. Written straight into the tables, so that nobody is told of any of them.
"""

from datetime import datetime, timedelta
from random import Random

from django.contrib.postgres.functions import TransactionNow
from django.db import transaction
from django.utils import timezone

from pipeline.candidates.models import Candidate
from pipeline.outreach.models import Campaign, Priority
from pipeline.tasks.models import Task, TaskRelease
from pipeline.tasks.models.actors import Canceler, CancelSource, Creator, Origin
from pipeline.tasks.models.rules import AgentSkills
from pipeline.tasks.models.states import State
from pipeline.tasks.models.types import TaskType
from pipeline.tasks.reasons import Reason
from pipeline.workspaces.models import Role, User, Workspace

from .work import CAMPAIGNS, DISPOSITIONS, GIVEN_BACK, NOTES, SENDERS, SKILLS, WORK, Some

PEOPLE = 250  # candidates that have tasks; the next ones travel through journeys
MOST_EACH = 3  # tasks of one of them, where there are few
LONG_AGO = timedelta(days=30)  # they came before their tasks
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@transaction.atomic
def add_tasks(workspace: Workspace) -> None:
    """Campaigns, the agent's skills, and the tasks: fewer for few candidates, none for none."""
    campaigns = Campaign.objects.bulk_create(
        Campaign(workspace=workspace, number=number, **fields)
        for number, fields in enumerate(CAMPAIGNS, 1)
    )
    author = Author(workspace, campaigns)
    AgentSkills.objects.create(membership=author.agent.membership, types=list(SKILLS))
    Task.objects.bulk_create(author.tasks())
    TaskRelease.objects.bulk_create(author.releases)


class Author:
    """Makes up tasks of `people`, from the candidate with that number on, and who did what to them.

    Its `now` is the database's: when the transaction began.
    """

    def __init__(self, workspace: Workspace, campaigns: list[Campaign], first: int = 0) -> None:
        self.campaigns = campaigns
        self.releases: list[TaskRelease] = []
        self.chance = Random(2026)
        self.now: datetime = Workspace.objects.values_list(TransactionNow(), flat=True).get(
            pk=workspace.pk
        )
        self.morning = timezone.localtime(self.now, workspace.tz).replace(
            hour=9, minute=0, second=0, microsecond=0
        )
        users = User.objects.filter(membership__workspace=workspace).select_related("membership")
        by_role = {Role(user.membership.role): user for user in users}
        self.agent, self.recruiter = by_role[Role.AGENT], by_role[Role.RECRUITER]
        self.admin = by_role[Role.ADMIN]
        self.agents_openings = set(self.agent.membership.openings.values_list("pk", flat=True))
        reachable = Candidate.objects.filter(workspace=workspace).exclude(phone="")
        long_known = reachable.exclude(email="").filter(created_at__lt=self.now - LONG_AGO)
        self.known = long_known.order_by("-pk")
        self.people = list(self.known[first : first + PEOPLE])

    def tasks(self) -> list[Task]:
        """In the order in which they were created, as in life."""
        wanted = [
            (state, some)
            for state, work in WORK.items()
            for some in work
            for _ in range(some.number)
        ]
        self.chance.shuffle(wanted)
        people = self.people * MOST_EACH
        made = [self.task(*task, person) for task, person in zip(wanted, people, strict=False)]
        return sorted(made, key=lambda task: task.created_at)

    def task(self, state: State, some: Some, candidate: Candidate) -> Task:
        task, worker = self.blank(some, candidate), self.worker(candidate)
        task.state = state
        if state == State.IN_QUEUE:
            self.let_wait(task, worker)
        elif state == State.ASSIGNED:
            self.assign(task, worker, self.now - self.between(MINUTE, 40 * MINUTE))
        elif state == State.COMPLETED:
            self.complete(task, worker)
        else:
            self.cancel(task, worker, some)
        self.sign(task, worker)
        return task

    def waiting_until(self, moment: datetime, some: Some, candidate: Candidate) -> Task:
        """One that waits since a day or so before that moment, when it will be taken back."""
        task = self.blank(some, candidate)
        self.create(task, moment - self.between(HOUR, 3 * DAY))
        if task.kind.is_timed:
            task.due_at = moment + self.between(HOUR, 2 * DAY)
        self.sign(task, self.worker(candidate))
        return task

    def blank(self, some: Some, candidate: Candidate) -> Task:
        campaign = self.campaigns[some.campaign] if some.campaign is not None else None
        return Task(
            workspace_id=candidate.workspace_id,
            candidate=candidate,
            opening_id=candidate.opening_id,
            campaign=campaign,
            type=some.type,
            priority=campaign.priority if campaign else self.priority(some.type),
            notes=self.chance.choice(NOTES[some.type]),
        )

    # --- what was done to it ---

    def let_wait(self, task: Task, worker: User) -> None:
        if task.kind.is_timed:  # today or tomorrow, in the working day
            quarters = self.chance.randrange(9 * 4)
            task.due_at = self.morning + self.chance.choice((0, 1)) * DAY + quarters * 15 * MINUTE
            self.create(task, min(task.due_at, self.now) - self.between(HOUR, 3 * DAY))
            return
        self.create(task, self.now - self.lately(6 * DAY))
        if self.chance.random() < GIVEN_BACK and task.created_at < self.now - HOUR:
            accepted, released = self.now - 40 * MINUTE, self.now - 25 * MINUTE
            task.queued_at = released
            who = {"agent": worker, "agent_name": str(worker), "accepted_at": accepted}
            back = {
                "released_by": worker,
                "released_by_name": str(worker),
                "reason": "End of shift",
            }
            self.releases.append(TaskRelease(task=task, released_at=released, **who, **back))

    def assign(self, task: Task, worker: User, at: datetime) -> None:
        task.agent, task.agent_name, task.accepted_at = worker, str(worker), at
        if task.kind.is_timed:
            task.due_at = at - self.between(MINUTE, 20 * MINUTE)
        self.create(task, at if task.kind.is_manual else at - self.between(10 * MINUTE, 30 * HOUR))

    def complete(self, task: Task, worker: User) -> None:
        task.ended_at = self.now - self.lately(14 * DAY)
        self.assign(task, worker, task.ended_at - self.between(2 * MINUTE, 25 * MINUTE))
        task.disposition = self.chance.choice(DISPOSITIONS[TaskType(task.type)])

    def cancel(self, task: Task, worker: User, some: Some) -> None:
        task.ended_at = self.now - self.lately(14 * DAY)
        if isinstance(some.reason, Reason):
            task.cancel_reason, task.cancel_facts = some.reason.code, some.reason.facts
        else:
            task.cancel_reason = some.reason
        if task.kind.is_manual:  # withdrawn from who made it
            self.assign(task, worker, task.ended_at - 3 * MINUTE)
        elif some.source == CancelSource.TIMEOUT:
            self.create(task, task.ended_at - 14 * DAY)
        else:
            self.create(task, task.ended_at - self.between(HOUR, 3 * DAY))
        if task.kind.is_timed:
            task.due_at = task.ended_at + self.between(HOUR, 2 * DAY)
        for field, value in self.canceler(task, worker, some).fields.items():
            setattr(task, field, value)

    def create(self, task: Task, at: datetime) -> None:
        task.created_at = task.queued_at = at

    # --- who did it ---

    def sign(self, task: Task, worker: User) -> None:
        """As whoever made it."""
        for field, value in self.creator(task, worker).fields.items():
            setattr(task, field, value)

    def worker(self, candidate: Candidate) -> User:
        """The agent has most of what she may see; the recruiter works off the rest."""
        is_hers = candidate.opening_id in self.agents_openings and self.chance.random() < 0.75
        return self.agent if is_hers else self.recruiter

    def creator(self, task: Task, worker: User) -> Creator:
        if sender := SENDERS.get(TaskType(task.type)):
            return Creator.event(sender)
        if task.campaign:
            by = self.recruiter
            return Creator(name=str(by), user_id=by.pk, origin=Origin.CAMPAIGN)
        return Creator.person(worker)

    def canceler(self, task: Task, worker: User, some: Some) -> Canceler:
        if some.source == CancelSource.TIMEOUT:
            return Canceler.timeout()
        if some.source == CancelSource.CANDIDATE:
            return Canceler.candidate(task.candidate.full_name)
        if some.source == CancelSource.BULK_ACTION:
            by = self.recruiter
            return Canceler(name=str(by), user_id=by.pk, source=CancelSource.BULK_ACTION)
        return Canceler.person(self.admin if some.source == CancelSource.ADMIN else worker)

    # --- chance ---

    def priority(self, type: TaskType) -> int:
        if type == TaskType.ASAP_CALLBACK:
            return Priority.URGENT
        return self.chance.choice(
            (Priority.NORMAL, Priority.NORMAL, Priority.NORMAL, Priority.HIGH)
        )

    def between(self, least: timedelta, most: timedelta) -> timedelta:
        return least + (most - least) * self.chance.random()

    def lately(self, most: timedelta) -> timedelta:
        """Up to so long ago, and more often lately than long ago."""
        return most * self.chance.random() ** 2 + MINUTE
