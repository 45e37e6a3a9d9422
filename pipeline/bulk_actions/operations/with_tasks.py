"""What the operations with tasks have in common: who orders them, and whom they tell of it."""

from typing import Any

from django import forms
from django.db.models import QuerySet

from pipeline.bulk_actions.models import BulkAction, Chunk
from pipeline.outreach.models import Campaign
from pipeline.tasks.bulk_sql import hold_tasks
from pipeline.tasks.models import Task
from pipeline.tasks.models.announce import announce
from pipeline.tasks.models.querysets import TaskQuerySet
from pipeline.tasks.models.types import KINDS, QUEUED, TaskChannel
from pipeline.workspaces.sql import NAMED_USERS

# Those that wait in the queue, by the desk's queues.
TYPE_CHOICES = [
    (channel.label, [(str(type), type.label) for type in QUEUED if KINDS[type].channel == channel])
    for channel in TaskChannel
]


class CampaignField(forms.ModelChoiceField[Campaign]):
    """One of the workspace's campaigns, by channel."""

    def __init__(self, **options: Any) -> None:
        super().__init__(Campaign.objects.none(), **options)

    def offer(self, campaigns: QuerySet[Campaign]) -> None:
        self.queryset = campaigns
        groups: dict[str, list[tuple[int, str]]] = {}
        for campaign in campaigns:
            channel = campaign.get_channel_display()
            groups.setdefault(channel, []).append((campaign.pk, f"{campaign.short_id} {campaign}"))
        self.choices = [("", self.empty_label), *sorted(groups.items())]


def lock(chunk: Chunk) -> None:
    """Lock what the chunk's candidates have in the queue and with agents."""
    hold_tasks(chunk.candidate_ids)


def announce_created(action: BulkAction, chunk: Chunk) -> None:
    of_action = Task.objects.filter(created_by_bulk_action_id=action.pk)
    announce("create", action.workspace_id, ids_of(of_action, chunk))


def announce_canceled(action: BulkAction, chunk: Chunk) -> None:
    of_action = Task.objects.filter(canceled_by_bulk_action_id=action.pk)
    announce("cancel", action.workspace_id, ids_of(of_action, chunk))


def ids_of(tasks: TaskQuerySet, chunk: Chunk) -> list[int]:
    of_chunk = tasks.for_candidates(chunk.candidate_ids)
    return list(of_chunk.order_by("pk").values_list("pk", flat=True))


def by_starter(verb: str) -> dict[str, str]:
    """The columns of an Actor that stand in `starter`, as SQL: who `created` or `canceled`."""
    return {
        f"{verb}_by_id": "starter.id",
        f"{verb}_by_name": "starter.name",
        f"{verb}_by_bulk_action_id": "starter.action_id",
    }


# Whoever started the action that is at work, by the name that User.__str__ gives.
STARTER = f"""
starter AS (
    SELECT action.id AS action_id, person.id, left(person.name, 310) AS name
    FROM bulk_actions_bulkaction AS action
    JOIN {NAMED_USERS} AS person ON person.id = action.started_by_id
    WHERE action.id = %(engine_action)s
)
"""  # noqa: S608
