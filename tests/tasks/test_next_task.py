"""*Next task*: the most urgent task that fits the agent, and nobody waits for anybody."""

from datetime import timedelta
from threading import Thread
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from pipeline.candidates.models import Opening
from pipeline.outreach.models import Campaign, CampaignState, Priority
from pipeline.tasks import next_task
from pipeline.tasks.models import Task
from pipeline.tasks.models.rules import AgentSkills
from pipeline.tasks.models.types import TaskType
from pipeline.tasks.next_task import take_next_task
from pipeline.workspaces.models import User

from .conftest import MakeTask

NOW = timezone.now
pytestmark = pytest.mark.usefixtures("no_limit")


def order_of(agent: User) -> list[int]:
    taken = []
    while task := take_next_task(agent):
        taken.append(task.pk)
    return taken


def test_by_priority_then_due_time_then_age(make_task: MakeTask, agent: User):
    def made(priority: int, due_in: int | None = None) -> int:
        due = None if due_in is None else NOW() + timedelta(hours=due_in)
        return make_task(priority=priority, due_at=due).pk

    low = made(Priority.LOW)
    older, newer = made(Priority.NORMAL), made(Priority.NORMAL)
    due_later, due_soon = made(Priority.NORMAL, 5), made(Priority.NORMAL, 1)
    urgent = made(Priority.URGENT)

    assert order_of(agent) == [urgent, due_soon, due_later, older, newer, low]


def test_what_is_taken_is_the_agents(make_task: MakeTask, agent: User):
    make_task()

    task = take_next_task(agent)

    assert task
    assert (task.agent, task.agent_name, task.is_mine(agent)) == (agent, "Chloe Tan", True)


@pytest.mark.parametrize("type", [TaskType.SCHEDULED_CALLBACK, TaskType.REMINDER])
def test_a_callback_or_reminder_is_not_handed_out_before_its_time(
    type: TaskType, make_task: MakeTask, agent: User
):
    make_task(type, due_at=NOW() + timedelta(minutes=5), priority=Priority.URGENT)
    due = make_task(type, due_at=NOW() - timedelta(minutes=5), priority=Priority.LOW)

    assert order_of(agent) == [due.pk]


def test_other_types_may_be_done_before_they_are_due(make_task: MakeTask, agent: User):
    task = make_task(due_at=NOW() + timedelta(days=2))

    assert order_of(agent) == [task.pk]


@pytest.mark.parametrize("state", [CampaignState.PAUSED, CampaignState.DRAFT])
def test_nothing_of_a_campaign_that_is_not_ready(
    state: str, make_task: MakeTask, campaign: Campaign, agent: User
):
    make_task(campaign=campaign, priority=Priority.URGENT)
    other = make_task()
    Campaign.objects.filter(pk=campaign.pk).update(state=state)

    assert order_of(agent) == [other.pk]


def test_only_the_types_that_the_agent_is_skilled_for(make_task: MakeTask, agent: User):
    AgentSkills.objects.create(membership=agent.membership, types=[TaskType.VOICEMAIL])
    make_task(TaskType.OUTBOUND_CALL, priority=Priority.URGENT)
    voicemail = make_task(TaskType.VOICEMAIL)

    assert order_of(agent) == [voicemail.pk]


def test_only_the_openings_that_the_agent_is_skilled_for(
    make_task: MakeTask, make_candidates: Any, other_opening: Opening, agent: User
):
    skills = AgentSkills.objects.create(membership=agent.membership)
    skills.openings.add(other_opening)
    make_task(priority=Priority.URGENT)
    there = make_task(candidate=make_candidates(1, other_opening).get())

    assert order_of(agent) == [there.pk]


def test_skills_show_a_limited_member_nothing_that_is_hidden(
    make_task: MakeTask, make_candidates: Any, other_opening: Opening, limited: User
):
    make_task(candidate=make_candidates(1, other_opening).get())
    here = make_task()
    skills = AgentSkills.objects.create(membership=limited.membership)
    skills.openings.add(other_opening)

    assert order_of(limited) == []
    skills.openings.clear()
    assert order_of(limited) == [here.pk]


def test_nothing_of_another_workspace(make_task: MakeTask, stranger: User):
    make_task()

    assert take_next_task(stranger) is None


@pytest.mark.django_db(transaction=True)
def test_it_looks_beyond_the_first_ones_that_others_are_taking(
    make_task: MakeTask, agent: User, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(next_task, "FEW", 2)
    tasks = [make_task() for _ in range(3)]

    with all_but_the_last_locked(tasks):
        taken = take_next_task(agent)

    assert taken == tasks[-1]


@pytest.mark.django_db(transaction=True)
def test_nobody_waits_for_who_is_taking_one(make_task: MakeTask, agent: User, recruiter: User):
    first, second = make_task(), make_task()
    got: list[Task | None] = []

    def ask() -> None:
        got.append(take_next_task(User.objects.get(pk=recruiter.pk)))
        connection.close()

    with transaction.atomic():
        assert take_next_task(agent) == first
        other = Thread(target=ask)
        other.start()
        other.join(10)
        assert not other.is_alive(), "it waits for the first agent's commit"

    assert got == [second]


class all_but_the_last_locked:  # noqa: N801  # reads as a sentence
    """The first tasks are held by another connection, as an agent who is just taking them does."""

    def __init__(self, tasks: list[Task]) -> None:
        self.ids = [task.pk for task in tasks[:-1]]

    def __enter__(self) -> None:
        self.held = connection.copy()
        self.held.set_autocommit(False)
        with self.held.cursor() as cursor:
            cursor.execute("SELECT FROM tasks_task WHERE id = ANY(%s) FOR UPDATE", [self.ids])

    def __exit__(self, *_: object) -> None:
        self.held.rollback()
        self.held.close()
