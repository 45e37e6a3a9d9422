"""The cancel table: of every type, in every state, by every creator, what each scope takes back.

What is expected is said here once more, in the words of DESIGN.md, and not taken from scopes.py.
"""

from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from pipeline.candidates.models import Candidate, Opening
from pipeline.outreach.models import Campaign, CampaignChannel, CampaignState, Channel, Message
from pipeline.tasks.models import Task
from pipeline.tasks.models.actors import Canceler, CancelSource, Origin
from pipeline.tasks.models.scopes import AllTasks, OfCampaign, OfTypes, Scope
from pipeline.tasks.models.states import State
from pipeline.tasks.models.types import TaskType
from pipeline.workspaces.models import User, Workspace

from .conftest import CONVERTED

MANUAL_TYPES = {"manual_outbound_call", "manual_outbound_sms", "manual_outbound_email"}
SET_BASED = ("journey", "bulk_action", "timeout", "candidate")


def is_to_be_canceled(task: Task, scope: str) -> bool:
    is_agent_sms = task.type == "outbound_sms" and task.origin == "journey"
    if task.state != "in_queue":
        return False
    if scope == "all":
        return True
    if scope == "outbound_sms":
        return is_agent_sms
    if scope == "sms campaign":
        return task.campaign is not None and task.campaign.name == "Night" and is_agent_sms
    if scope == "phone campaign":
        return task.campaign is not None and task.campaign.name == "Win back"
    return task.type == scope


SCOPES = ["all", "phone campaign", "sms campaign"]
SCOPES += [type for type in TaskType.values if type not in MANUAL_TYPES]


@pytest.fixture
def campaigns(workspace: Workspace) -> list[Campaign | None]:
    return [None, *campaigns_of(workspace)]


def campaigns_of(workspace: Workspace) -> list[Campaign]:
    channels = {
        "Win back": CampaignChannel.PHONE,
        "Night": CampaignChannel.SMS,
        "Other calls": CampaignChannel.PHONE,
        "Other texts": CampaignChannel.SMS,
    }
    return [
        Campaign.objects.launch(workspace, name=name, channel=channel, state=CampaignState.READY)
        for name, channel in channels.items()
    ]


def one_of_each(candidate: Candidate, campaigns: list[Any], agent: User) -> list[Task]:
    """Every type in every state by every creator, without a campaign and in each."""
    now = timezone.now()
    by_state: dict[str, dict[str, Any]] = {
        State.IN_QUEUE: {},
        State.ASSIGNED: {"agent": agent, "accepted_at": now},
        State.COMPLETED: {"agent": agent, "accepted_at": now, "ended_at": now},
        State.CANCELED: {"ended_at": now, "cancel_reason": "Before", "cancel_source": "agent"},
    }
    return Task.objects.bulk_create(
        Task(
            workspace_id=candidate.workspace_id,
            candidate=candidate,
            opening_id=candidate.opening_id,
            type=type,
            state=state,
            origin=origin,
            campaign=campaign,
            **by_state[state],
        )
        for type, state, origin, campaign in product(TaskType, State, Origin, campaigns)
    )


def as_many(candidate: Candidate, tasks: list[Task], agent: User) -> None:
    """The same tasks for another candidate, whose workspace has campaigns of the same names."""
    columns = {str(field.column): str(field.column) for field in Task._meta.concrete_fields}
    del columns["id"]
    columns |= {
        "workspace_id": "%(workspace)s",
        "candidate_id": "%(candidate)s",
        "opening_id": "%(opening)s",
        "agent_id": "CASE WHEN agent_id IS NOT NULL THEN %(agent)s END",
        "campaign_id": "(SELECT theirs.id FROM outreach_campaign AS theirs"
        " JOIN outreach_campaign AS mine USING (name)"
        " WHERE mine.id = task.campaign_id AND theirs.workspace_id = %(workspace)s)",
    }
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO tasks_task ({', '.join(columns)}) SELECT {', '.join(columns.values())}"
            " FROM tasks_task AS task WHERE id = ANY (%(tasks)s)",
            {
                "workspace": candidate.workspace_id,
                "candidate": candidate.pk,
                "opening": candidate.opening_id,
                "agent": agent.pk,
                "tasks": [task.pk for task in tasks],
            },
        )
        assert cursor.rowcount == len(tasks)


def scope_of(name: str, campaigns: list[Any]) -> Scope:
    named = {campaign.name: campaign for campaign in campaigns if campaign}
    if name == "all":
        return AllTasks()
    if name.endswith("campaign"):
        return OfCampaign(named["Night" if name == "sms campaign" else "Win back"])
    return OfTypes([name])


def canceler(source: str, user: User) -> Canceler:
    return {
        "journey": Canceler.journey(CONVERTED),
        "bulk_action": Canceler.bulk_action(5, user),
        "timeout": Canceler.timeout(),
        "candidate": Canceler.candidate("Inger Svärd"),
    }[source]


@pytest.fixture
def everything(
    candidate: Candidate,
    campaigns: list[Any],
    agent: User,
    make_candidates: Any,
    other_opening: Opening,
    stranger: User,
) -> list[Task]:
    """One of each for the candidate; as many for another one, and in another workspace."""
    foreign = Candidate.objects.filter(workspace=stranger.membership.workspace)[0]
    campaigns_of(foreign.workspace)
    Message.objects.create(
        workspace_id=candidate.workspace_id, candidate=candidate, channel=Channel.SMS, address="+44"
    )
    mine = one_of_each(candidate, campaigns, agent)
    as_many(make_candidates(1, other_opening).get(), mine, agent)
    as_many(foreign, mine, stranger)
    return mine


def rows() -> dict[int, str]:
    """Every task with every column, as one text each: thousands are read for each scope."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, task::text FROM tasks_task AS task")
        return dict(cursor.fetchall())


def columns_of(ids: set[int]) -> dict[int, Any]:
    return {row["id"]: row for row in Task.objects.filter(pk__in=ids).values()}


def test_every_scope_cancels_what_it_says_and_nothing_else(
    candidate: Candidate, campaigns: list[Any], everything: list[Task], agent: User
):
    before, messages = rows(), list(Message.objects.values())
    for name, source in product(SCOPES, SET_BASED):
        expected = {task.pk for task in everything if is_to_be_canceled(task, name)}
        with transaction.atomic():
            mine = Task.objects.cancelable().for_candidate(candidate)
            canceled = mine.cancel(
                scope_of(name, campaigns), canceler(source, agent), "No longer wanted"
            )
            after, changed = rows(), columns_of(expected)
            transaction.set_rollback(True)

        assert expected, f"{name} has nothing to cancel in this test"
        assert set(canceled) == expected, (name, source)
        assert {pk for pk in before if after[pk] != before[pk]} == expected, (name, source)
        for pk in expected:
            row = changed[pk]
            assert (row["state"], row["cancel_source"]) == ("canceled", source)
            assert (row["cancel_reason"], row["agent_id"]) == ("No longer wanted", None)
    assert list(Message.objects.values()) == messages


def test_several_types_together_are_those_of_each(
    candidate: Candidate, everything: list[Task], agent: User
):
    names = ["outbound_call", "outbound_sms", "reminder"]
    expected = {task.pk for task in everything for name in names if is_to_be_canceled(task, name)}

    mine = Task.objects.cancelable().for_candidate(candidate)
    canceled = mine.cancel(OfTypes(names), canceler("journey", agent), "Converted")

    assert set(canceled) == expected


@pytest.mark.parametrize("type", sorted(MANUAL_TYPES))
def test_manual_types_are_no_scope(type: str):
    with pytest.raises(ValueError, match="never waits in the queue"):
        OfTypes(["outbound_call", type])


def test_no_type_is_no_scope():
    with pytest.raises(ValueError, match="at least one"):
        OfTypes([])


def people(owner: User, admin_member: User, agent: User) -> Iterator[tuple[User, str]]:
    yield from ((owner, "admin"), (admin_member, "admin"), (agent, "agent"))


def test_a_person_cancels_any_waiting_task_and_an_assigned_one_only_as_its_agent_or_manager(
    everything: list[Task],
    owner: User,
    admin_member: User,
    agent: User,
    recruiter: User,
):
    one_of_each_type_and_state = {(task.type, task.state): task for task in everything}
    for (_, state), task in one_of_each_type_and_state.items():
        for user, source in (*people(owner, admin_member, agent), (recruiter, "agent")):
            may_withdraw = state == "assigned" and user != recruiter
            with transaction.atomic():
                task.refresh_from_db()
                canceled = task.cancel(user, "Wrong list")
                assert canceled == (state == "in_queue"), (task.type, state, user)
                if not canceled:
                    canceled = task.withdraw(user, "Wrong list")
                    assert canceled == may_withdraw, (task.type, state, user)
                if canceled:
                    told = (task.state, task.cancel_source, task.canceled_by, task.cancel_reason)
                    assert told == ("canceled", CancelSource(source), user, "Wrong list")
                transaction.set_rollback(True)
