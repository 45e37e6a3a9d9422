"""Creates tasks: one for a person or an inbound event, or those of many runs of a journey."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models.functions import Now

from pipeline.candidates.models import Candidate
from pipeline.outreach.models import (
    Campaign,
    CampaignChannel,
    CampaignState,
    CampaignWork,
    Priority,
)

from .bulk_sql import NewTasks
from .models import Task
from .models.actors import Creator
from .models.announce import announce
from .models.rules import TaskRules
from .models.states import State
from .models.types import KINDS, OF_CAMPAIGN, TaskType


class CantCreate(ValueError):
    """This task can't be made; says why and what to do, in a recruiter's words."""


class TooManyWaiting(CantCreate):
    """The candidate has the most waiting tasks of that type that the workspace allows."""


@transaction.atomic
def create_task(
    candidate: Candidate,
    type: TaskType,
    creator: Creator,
    *,
    campaign: Campaign | None = None,
    priority: int | None = None,
    due_at: datetime | None = None,
    notes: str = "",
) -> Task:
    """A new task in the queue; of a Manual type, one that the creating agent has.

    Without a `priority` it is the campaign's, or Normal. Raises CantCreate, and TooManyWaiting.
    """
    kind = KINDS[type]
    if kind.is_timed and due_at is None:
        raise CantCreate(f"A {type.label} needs a time: say when it is due.")
    if kind.is_manual and creator.user_id is None:
        raise CantCreate(f"A {type.label} is made by an agent, who then has it.")
    if campaign:
        check_campaign(campaign, type, candidate.workspace_id)
    # Locked, so that two creations count one after the other, and a move to another opening
    # comes before or after: the trigger that keeps the task's opening sees the whole task.
    candidate = Candidate.objects.select_for_update(no_key=True).get(pk=candidate.pk)
    if not kind.is_manual:
        check_number(candidate, type)
    task = Task.objects.create(
        workspace_id=candidate.workspace_id,
        candidate=candidate,
        opening_id=candidate.opening_id,
        campaign=campaign,
        type=type,
        priority=priority or (campaign.priority if campaign else Priority.NORMAL),
        due_at=due_at,
        notes=notes,
        **creator.fields,
        **(born_assigned(creator) if kind.is_manual else {}),
    )
    task.refresh_from_db()
    announce("create", task.workspace_id, [task.pk])
    return task


def born_assigned(creator: Creator) -> dict[str, Any]:
    return {
        "state": State.ASSIGNED,
        "agent_id": creator.user_id,
        "agent_name": creator.name,
        "accepted_at": Now(),
    }


def check_campaign(campaign: Campaign, type: TaskType, workspace_id: int) -> None:
    """Raises CantCreate unless `campaign` may have tasks of that type, in that workspace."""
    if campaign.workspace_id != workspace_id:
        raise CantCreate("This campaign is another workspace's.")
    if campaign.work != CampaignWork.AGENTS:
        raise CantCreate(f"{campaign} is automated: it sends by itself and has no tasks.")
    if campaign.state == CampaignState.DRAFT:
        raise CantCreate(f"{campaign} is a draft. Make it ready first.")
    if type not in OF_CAMPAIGN[CampaignChannel(campaign.channel)]:
        raise CantCreate(
            f"A {type.label} does not fit {campaign}, whose channel is "
            f"{campaign.get_channel_display()}."
        )


def check_number(candidate: Candidate, type: TaskType) -> None:
    """Raises TooManyWaiting. To be called with the candidate locked."""
    most = TaskRules.of(candidate.workspace_id).most_waiting
    waiting = Task.objects.for_candidate(candidate).waiting().filter(type=type).count()
    if waiting >= most:
        raise TooManyWaiting(
            f"{candidate} has {waiting} waiting tasks of the type {type.label}, and your workspace "
            f"allows {most}. Work off or cancel one of them, or raise the number in the settings."
        )


def create_tasks(
    new: NewTasks, creator: Creator, runs: Mapping[int, int]
) -> dict[int, tuple[int | None, str]]:
    """One for each candidate whose id is a key of `runs`, on behalf of that run of a journey.

    In the caller's transaction, which holds the candidates' locks. Returns for each candidate the
    task's id, or None and why there is none.
    """
    ruling, params = new.ruling("people")
    creating, values = new.creating(
        "ruled AS person WHERE person.problem = ''",
        creator.fields,
        {"created_by_run_id": "person.run_id"},
    )
    sql = FOR_RUNS.format(ruling=ruling, creating=creating)
    with connection.cursor() as cursor:
        cursor.execute(
            sql,
            {"candidates": list(runs), "runs": list(runs.values()), **params, **values},
        )
        made = {pk: (task, problem) for pk, task, problem in cursor.fetchall()}
    announce("create", new.workspace_id, sorted(task for task, _ in made.values() if task))
    return made


def why_none(new: NewTasks, candidate: Candidate) -> str:
    """Why this candidate would get no such task now; empty for one who would."""
    ruling, params = new.ruling("people", holds=False)
    with connection.cursor() as cursor:
        cursor.execute(FOR_ONE.format(ruling=ruling), {"candidate": candidate.pk, **params})
        return str(cursor.fetchone()[0])


FOR_RUNS = """
WITH people AS (
    SELECT candidate.id, candidate.opening_id, candidate.email, candidate.phone, run.id AS run_id
    FROM unnest(%(candidates)s::bigint[], %(runs)s::bigint[]) AS run (candidate_id, id)
    JOIN candidates_candidate AS candidate ON candidate.id = run.candidate_id
), {ruling}, {creating}
SELECT ruled.id, created.id, ruled.problem
FROM ruled LEFT JOIN created ON created.candidate_id = ruled.id
"""
FOR_ONE = """
WITH people AS (
    SELECT id, email, phone FROM candidates_candidate WHERE id = %(candidate)s
), {ruling}
SELECT problem FROM ruled
"""
