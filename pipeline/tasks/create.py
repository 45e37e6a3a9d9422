"""Creates tasks: one for a person or an inbound event, or those of many runs of a journey."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models.functions import Now

from pipeline.candidates.models import Candidate
from pipeline.candidates.sql.reach import reach
from pipeline.outreach.models import Campaign, Priority

from .bulk_sql import creating
from .models import Task
from .models.actors import Creator
from .models.announce import announce
from .models.states import State
from .models.types import TaskType
from .new_tasks import NewTasks
from .reasons import Reason
from .rule_book import problem_with, problem_with_campaign, reason_of, ruling


class CantCreate(ValueError):
    """This task can't be made; `reason` says why and what to do."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return str(self.reason)


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

    Without a `priority` it is the campaign's, or Normal. Raises CantCreate.
    """
    new = NewTasks(
        candidate.workspace_id,
        type,
        campaign_id=campaign.pk if campaign else None,
        campaign_name=campaign.name if campaign else "",
        due_at=due_at,
        needs_address=False,
        has_agent=creator.user_id is not None,
    )
    # Locked, so that two creations count one after the other, and a move to another opening
    # comes before or after: the trigger that keeps the task's opening sees the whole task.
    candidate = Candidate.objects.select_for_update(no_key=True).get(pk=candidate.pk)
    if problem := problem_with(new, candidate.pk, holds=True):
        raise CantCreate(problem)
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
        **(born_assigned(creator) if new.kind.is_manual else {}),
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
    new = NewTasks(workspace_id, type, campaign_id=campaign.pk, campaign_name=campaign.name)
    if problem := problem_with_campaign(new):
        raise CantCreate(problem)


def create_tasks(
    new: NewTasks, creator: Creator, runs: Mapping[int, int]
) -> dict[int, tuple[int | None, Reason | None]]:
    """One for each candidate whose id is a key of `runs`, on behalf of that run of a journey.

    In the caller's transaction, which holds the candidates' locks. Returns for each candidate the
    task's id, or None and why there is none.
    """
    judging, params = ruling(new, "people")
    making, values = creating(
        new,
        "ruled AS person WHERE person.problem = ''",
        creator.fields,
        {"created_by_run_id": "person.run_id"},
    )
    statement = FOR_RUNS.format(reach=reach("run.candidate_id"), ruling=judging, creating=making)
    with connection.cursor() as cursor:
        cursor.execute(
            statement,
            {"candidates": list(runs), "runs": list(runs.values()), **params, **values},
        )
        made = {pk: (task, reason_of(new, problem)) for pk, task, problem in cursor.fetchall()}
    announce("create", new.workspace_id, sorted(task for task, _ in made.values() if task))
    return made


FOR_RUNS = """
WITH people AS (
    SELECT candidate.*, run.id AS run_id
    FROM unnest(%(candidates)s::bigint[], %(runs)s::bigint[]) AS run (candidate_id, id)
    CROSS JOIN LATERAL ({reach}) AS candidate
), {ruling}, {creating}
SELECT ruled.id, created.id, ruled.problem
FROM ruled LEFT JOIN created ON created.candidate_id = ruled.id
"""
