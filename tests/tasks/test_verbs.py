"""What can be done to a task, by whom, and what those who come too late are told."""

from typing import Any

import pytest

from pipeline.candidates.models import Candidate, Opening
from pipeline.outreach.models import Campaign, CampaignState
from pipeline.tasks.create import CantCreate
from pipeline.tasks.models import Disposition, Task
from pipeline.tasks.models.actors import Canceler, CancelSource, Origin
from pipeline.tasks.models.rules import TaskRules
from pipeline.tasks.models.scopes import AllTasks
from pipeline.tasks.models.states import MOVES, State
from pipeline.tasks.models.types import MANUAL, TaskType
from pipeline.tasks.signals import task_changed
from pipeline.workspaces.models import User, Workspace

from .conftest import CONVERTED, MakeTask

VERBS = {
    "accept": lambda task, user: task.accept(user),
    "release": lambda task, user: task.release(user, "Lunch"),
    "complete": lambda task, user: task.complete(user, Disposition.REACHED),
    "cancel": lambda task, user: task.cancel(user, "Not needed"),
    "withdraw": lambda task, user: task.withdraw(user, "Not needed"),
}


def brought_to(state: State, task: Task, agent: User) -> Task:
    if state != State.IN_QUEUE:
        assert task.accept(agent)
    if state == State.COMPLETED:
        assert task.complete(agent, Disposition.REACHED)
    if state == State.CANCELED:
        assert task.withdraw(agent, "A mistake")
    assert task.state == state
    return task


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("verb", MOVES)
def test_a_verb_works_in_the_states_of_the_table_and_in_no_other(
    verb: str, state: State, make_task: MakeTask, agent: User
):
    task = brought_to(state, make_task(), agent)
    before = Task.objects.filter(pk=task.pk).values().get()

    done = VERBS[verb](task, agent)

    assert done == (state in MOVES[verb])
    assert task.state == MOVES[verb].get(state, state)
    if not done:
        assert Task.objects.filter(pk=task.pk).values().get() == before


def test_only_the_agent_who_has_it_completes_it(
    make_task: MakeTask, agent: User, recruiter: User, owner: User
):
    task = brought_to(State.ASSIGNED, make_task(), agent)

    for other in (recruiter, owner):
        assert not task.complete(other, Disposition.REACHED)
        assert not task.write_notes(other, "Mine")
    assert task.complete(agent, Disposition.REACHED)


@pytest.mark.parametrize("verb", ["release", "withdraw"])
def test_only_the_agent_who_has_it_and_those_who_manage_may(
    verb: str, make_task: MakeTask, agent: User, recruiter: User, owner: User, admin_member: User
):
    task = brought_to(State.ASSIGNED, make_task(), agent)

    assert not VERBS[verb](task, recruiter)
    assert task.what_happened.startswith("Chloe Tan accepted it at ")
    assert VERBS[verb](task, admin_member)


def test_nobody_is_given_a_task_of_a_paused_campaign(
    make_task: MakeTask, campaign: Campaign, agent: User
):
    task = make_task(campaign=campaign)
    Campaign.objects.filter(pk=campaign.pk).update(state=CampaignState.PAUSED)

    assert not task.accept(agent)
    assert task.is_paused
    Campaign.objects.filter(pk=campaign.pk).update(state=CampaignState.READY)
    assert task.accept(agent)


def test_a_release_keeps_who_had_it(make_task: MakeTask, agent: User):
    task = brought_to(State.ASSIGNED, make_task(), agent)

    task.release(agent, "Lunch")

    release = task.releases.get()
    assert (release.agent, release.agent_name, release.reason) == (agent, "Chloe Tan", "Lunch")
    assert (task.agent_id, task.agent_name, task.accepted_at) == (None, "", None)


@pytest.mark.parametrize("reason", ["", "  "])
def test_a_cancel_takes_a_reason(reason: str, make_task: MakeTask, agent: User):
    task = make_task()

    with pytest.raises(ValueError, match=r"^Enter a reason for canceling the task\.$"):
        task.cancel(agent, reason)

    task.refresh_from_db()
    assert task.is_waiting


def test_who_canceled_it_is_told(make_task: MakeTask, agent: User, admin_member: User):
    by_agent, by_admin, by_journey = make_task(), make_task(), make_task()

    by_agent.cancel(agent, "Hired elsewhere")
    by_admin.cancel(admin_member, "Wrong list")
    Task.objects.cancelable().filter(pk=by_journey.pk).cancel(
        AllTasks(), Canceler.journey(CONVERTED), "Converted"
    )
    by_journey.refresh_from_db()

    sources = [task.cancel_source for task in (by_agent, by_admin, by_journey)]
    assert sources == [CancelSource.AGENT, CancelSource.ADMIN, CancelSource.JOURNEY]
    assert by_agent.canceled_by_text == "Chloe Tan"
    assert by_journey.canceled_by_text == "Journey 12 “Converted customers” v3"
    assert by_journey.canceled_by_block == "Cancel Task: Outbound Call"
    assert "Adam Nowak canceled it at " in by_admin.what_happened
    assert by_admin.what_happened.endswith(": Wrong list")


@pytest.mark.parametrize("type", MANUAL)
def test_a_manual_task_is_born_assigned_to_who_makes_it(
    type: TaskType, make_task: MakeTask, agent: User
):
    task = make_task(type, origin=Origin.AGENT)

    assert (task.state, task.agent, task.agent_name) == (State.ASSIGNED, agent, "Chloe Tan")
    with pytest.raises(CantCreate, match="Only an agent can create"):
        make_task(type, origin=Origin.JOURNEY)


def test_a_timed_task_takes_a_time(make_task: MakeTask):
    with pytest.raises(CantCreate, match="Enter when it is due"):
        make_task(TaskType.SCHEDULED_CALLBACK)


def test_a_loop_is_stopped_by_the_number_of_waiting_tasks(
    make_task: MakeTask, workspace: Workspace, agent: User
):
    TaskRules.objects.create(workspace=workspace, most_waiting=2)
    first = make_task()
    make_task()

    with pytest.raises(CantCreate, match="already has 2 waiting tasks of the type Outbound Call"):
        make_task()
    make_task(TaskType.VOICEMAIL)
    first.accept(agent)
    make_task()

    assert Task.objects.count() == 4


@pytest.mark.parametrize(
    ("change", "type", "complaint"),
    [
        ({"state": CampaignState.DRAFT}, TaskType.OUTBOUND_CALL, "is a draft"),
        ({"work": "automated"}, TaskType.OUTBOUND_CALL, "is automated"),
        ({}, TaskType.INBOUND_SMS, "does not fit"),
    ],
)
def test_a_campaign_has_only_tasks_that_fit_it(
    change: dict[str, str], type: TaskType, complaint: str, make_task: MakeTask, campaign: Campaign
):
    Campaign.objects.filter(pk=campaign.pk).update(**change)

    with pytest.raises(CantCreate, match=complaint):
        make_task(type, campaign=campaign)


def test_a_tasks_opening_is_its_candidates(
    make_task: MakeTask, candidate: Candidate, other_opening: Opening
):
    task = make_task()

    Candidate.objects.filter(pk=candidate.pk).update(
        opening=other_opening, folder=other_opening.inbox
    )

    task.refresh_from_db()
    assert task.opening == other_opening


def test_each_change_is_told_once_it_is_committed(
    make_task: MakeTask, agent: User, django_capture_on_commit_callbacks: Any
):
    told: list[tuple[str, list[int]]] = []

    def hear(verb: str, task_ids: list[int], **_: Any) -> None:
        told.append((verb, task_ids))

    task_changed.connect(hear)
    with django_capture_on_commit_callbacks(execute=True):
        task = make_task()
        task.accept(agent)
        task.accept(agent)
        task.release(agent)
        Task.objects.cancelable().cancel(AllTasks(), Canceler.timeout(), "Too old")
        assert told == []
    task_changed.disconnect(hear)

    assert told == [(verb, [task.pk]) for verb in ("create", "accept", "release", "cancel")]
