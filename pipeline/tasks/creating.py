"""Creates a task: for a person, an inbound event or a journey's run."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Count
from django.db.models.functions import Now

from pipeline.candidates.models import Candidate
from pipeline.outreach.campaigns import CampaignChannel, CampaignState, CampaignWork, Priority
from pipeline.outreach.models import Campaign

from .actors import Creator
from .announcing import announce
from .models import Task
from .settings.models import TaskRules
from .states import State
from .types import KINDS, OF_CAMPAIGN, TaskType


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
    creators: dict[int, Creator],
    workspace_id: int,
    type: TaskType,
    *,
    campaign: Campaign | None = None,
    priority: int | None = None,
    due_at: datetime | None = None,
    notes: str = "",
) -> dict[int, Task]:
    """The same for many: `creators` says for each candidate's id on whose behalf. In few queries.

    In the caller's transaction, which holds the candidates' locks. Returns the task of each
    candidate that got one; the others have the most waiting tasks of that type. Raises CantCreate
    where nobody can get one.
    """
    if campaign:
        check_campaign(campaign, type, workspace_id)
    full = too_many_waiting(list(creators), workspace_id, type)
    people = Candidate.objects.filter(workspace=workspace_id, pk__in=creators.keys() - full)
    tasks = Task.objects.bulk_create(
        Task(
            workspace_id=workspace_id,
            candidate_id=pk,
            opening_id=opening_id,
            campaign=campaign,
            type=type,
            priority=priority or (campaign.priority if campaign else Priority.NORMAL),
            due_at=due_at,
            notes=notes,
            **creators[pk].fields,
        )
        for pk, opening_id in people.order_by("pk").values_list("pk", "opening_id")
    )
    announce("create", workspace_id, [task.pk for task in tasks])
    return {task.candidate_id: task for task in tasks}


def too_many_waiting(candidates: list[int], workspace_id: int, type: TaskType) -> set[int]:
    """Those who have the most waiting tasks of that type already."""
    most = TaskRules.of(workspace_id).most_waiting
    waiting = Task.objects.waiting().filter(
        workspace=workspace_id, candidate__in=candidates, type=type
    )
    counts = waiting.order_by().values("candidate").annotate(number=Count("pk"))
    return set(counts.filter(number__gte=most).values_list("candidate", flat=True))
