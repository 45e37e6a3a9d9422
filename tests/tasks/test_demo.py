"""The demo's tasks are ones that could have come about, and they tell nobody."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F, Q
from django.utils import timezone

from pipeline.candidates.demo import load
from pipeline.journeys.demo.load import add_journeys
from pipeline.journeys.models import Journey
from pipeline.outreach.demo import add_templates
from pipeline.outreach.models import Campaign, CampaignState, CampaignWork
from pipeline.tasks import timeouts
from pipeline.tasks.demo.load import add_tasks
from pipeline.tasks.models import Task, TaskRelease
from pipeline.tasks.models.actors import CancelSource
from pipeline.tasks.models.rules import TaskRules
from pipeline.tasks.models.states import State
from pipeline.tasks.models.types import MANUAL, OF_CAMPAIGN, TIMED, TaskType
from pipeline.tasks.next_task import take_next_task
from pipeline.workspaces.models import User, Workspace
from tests.conftest import OnceForAll


@pytest.fixture(scope="module")
def loaded_once(once_for_all: OnceForAll) -> int:
    """As `make run` loads it: journeys make and cancel some of the tasks. The workspace's id."""
    with once_for_all():
        workspace = load.load(600, "a password")
        add_templates(workspace)
        add_tasks(workspace)
        add_journeys(workspace)
        return workspace.pk


@pytest.fixture
def loaded(db: None, loaded_once: int) -> Workspace:
    return Workspace.objects.get(pk=loaded_once)


def test_there_are_some_hundred_of_every_type_in_every_state(loaded: Workspace):
    tasks = list(Task.objects.all())

    assert 380 <= len(tasks) <= 440
    assert {task.type for task in tasks} == set(TaskType)
    by_state = Counter(task.state for task in tasks)
    assert by_state.keys() == set(State)
    assert min(by_state[each] for each in set(State) - {State.ASSIGNED}) >= 90
    assert {task.cancel_source for task in tasks} == {"", *CancelSource.values}
    assert Campaign.objects.count() == 5
    assert set(Campaign.objects.values_list("state", flat=True)) == set(CampaignState)
    assert set(Campaign.objects.values_list("work", flat=True)) == set(CampaignWork)


def test_none_is_what_the_rules_would_not_have_let_come_about(loaded: Workspace):
    for task in Task.objects.select_related("campaign", "candidate", "agent__membership"):
        type = TaskType(task.type)
        assert task.opening_id == task.candidate.opening_id
        assert task.candidate.created_at < task.created_at <= timezone.now()
        assert (task.due_at is not None) == (type in TIMED), task.pk
        if task.campaign:
            assert type in OF_CAMPAIGN[task.campaign.channel]  # type: ignore[index]
            assert task.campaign.work == CampaignWork.AGENTS
            assert task.campaign.state != CampaignState.DRAFT
        if type in MANUAL:
            assert (task.accepted_at, task.created_by_id) == (task.created_at, task.agent_id)
        if task.agent:
            seen = task.agent.membership
            assert not seen.is_limited or seen.openings.filter(pk=task.opening_id).exists()
        if task.state == State.COMPLETED:
            assert task.disposition
    most = TaskRules.of(loaded.pk).most_waiting
    waiting = Task.objects.waiting().values_list("candidate", "type")
    assert max(Counter(waiting).values()) <= most


def test_times_run_forward_over_two_weeks(loaded: Workspace):
    now = timezone.now()
    past = Task.objects.past()

    assert not past.filter(ended_at__gt=now).exists()
    assert not past.filter(ended_at__lt=now - timedelta(days=14, minutes=2)).exists()
    assert past.filter(ended_at__lt=now - timedelta(days=10)).exists()
    assert past.filter(ended_at__gt=now - timedelta(hours=6)).exists()
    backwards = Q(accepted_at__lt=F("created_at")) | Q(ended_at__lt=F("accepted_at"))
    assert not Task.objects.filter(backwards | Q(ended_at__lt=F("created_at"))).exists()
    assert not TaskRelease.objects.exclude(
        released_at=F("task__queued_at"), accepted_at__lt=F("released_at")
    ).exists()
    assert TaskRelease.objects.exists()


def test_callbacks_are_due_today_and_tomorrow(loaded: Workspace):
    today = timezone.localdate()
    waiting = Task.objects.waiting().filter(type=TaskType.SCHEDULED_CALLBACK)

    assert {task.due_at.date() for task in waiting} == {today, today + timedelta(days=1)}  # type: ignore[union-attr]


def test_cancels_name_who_or_what_did_it(loaded: Workspace):
    canceled = Task.objects.filter(state=State.CANCELED)
    told = {task.canceled_by_text for task in canceled}

    ids = dict(Journey.objects.values_list("name", "pk"))
    for name, version in (
        ("Converted: cancel outstanding sales calls", 2),
        ("Blocked number: cancel all tasks", 1),
        ("Night shift: ask by text", 1),
    ):
        assert f"Journey {ids[name]} “{name}” v{version}" in told
    assert {"Aiko Brandt", "Adam Nkemelu", "Belay"} <= told
    by_journey = canceled.filter(cancel_source=CancelSource.JOURNEY)
    assert not by_journey.filter(Q(canceled_by_block="") | Q(canceled_by_journey_id=None)).exists()


@pytest.mark.slow
def test_the_same_candidates_get_the_same_tasks(loaded: Workspace):
    def told() -> list[tuple[Any, ...]]:
        fields = ("candidate", "type", "state", "notes", "disposition", "agent", "cancel_reason")
        # Those of journeys go their ways by the journey's id too (see Split), which is a new one.
        tasks = Task.objects.exclude(created_by_journey_id__isnull=False)
        return sorted(tasks.values_list(*fields), key=repr)

    first = told()
    Task.objects.all().delete()
    Campaign.objects.all().delete()
    Journey.objects.all().delete()
    loaded.memberships.get(role="agent").skills.delete()
    add_tasks(loaded)
    add_journeys(loaded)

    assert told() == first


def test_the_agent_has_something_to_do_and_nothing_times_out(loaded: Workspace):
    agent = User.objects.get(email="agent@demo.example")

    timeouts.cancel_overdue()

    assert Task.objects.assigned().filter(agent=agent).exists()
    assert take_next_task(agent)
    assert Task.objects.waiting().count() > 100
