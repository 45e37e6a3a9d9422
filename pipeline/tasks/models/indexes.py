"""The indexes of the tasks, in the order of the lists: one for each filter."""

from collections.abc import Sequence

from django.db import models
from django.db.models import F, Q

from .states import PAST, State

BY_JOURNEY = Q(canceled_by_journey_id__isnull=False)


def queue_index(name: str, *fields: str, include: Sequence[str] | None = None) -> models.Index:
    """The waiting tasks of each value of `fields`, in the order in which they are worked off."""
    order = [F(field) for field in fields]
    return models.Index(
        *order,
        F("priority").desc(),
        F("due_at"),
        F("id"),
        name=name,
        include=include,
        condition=Q(state=State.IN_QUEUE),
    )


def past_index(name: str, *fields: str, condition: Q | None = None) -> models.Index:
    """The past tasks of each value of `fields`, the latest first."""
    past = Q(state__in=PAST)
    return models.Index(
        *(F(field) for field in fields),
        F("ended_at").desc(),
        F("id").desc(),
        name=name,
        condition=past & condition if condition else past,
    )


INDEXES = [
    models.Index(fields=["candidate", "id"], name="task_candidate"),
    queue_index("task_queue", "workspace"),
    queue_index("task_queue_opening", "opening"),
    # Next task passes over those of paused campaigns, of which many may come first, by these alone.
    queue_index("task_queue_type", "workspace", "type", include=["campaign"]),
    queue_index("task_queue_opening_type", "opening", "type", include=["workspace", "campaign"]),
    queue_index("task_queue_campaign", "campaign"),
    # By age: the oldest wait of each type, and those that waited too long.
    models.Index(
        fields=["workspace", "type", "queued_at"],
        name="task_waiting_since",
        condition=Q(state=State.IN_QUEUE),
    ),
    models.Index(fields=["agent", "id"], name="task_agent", condition=Q(state=State.ASSIGNED)),
    models.Index(
        fields=["workspace", "type"],
        name="task_assigned",
        condition=Q(state=State.ASSIGNED),
    ),
    past_index("task_past", "workspace"),
    past_index("task_past_state", "workspace", "state"),
    past_index("task_past_type", "workspace", "type"),
    past_index("task_past_opening", "opening"),
    past_index("task_past_campaign", "campaign", condition=Q(campaign__isnull=False)),
    past_index("task_past_agent", "agent", condition=Q(agent__isnull=False)),
    past_index("task_past_source", "workspace", "cancel_source", condition=~Q(cancel_source="")),
    # These two tell as well which journeys there are, for who sees all and who sees some.
    past_index("task_past_journey", "workspace", "canceled_by_journey_id", condition=BY_JOURNEY),
    past_index(
        "task_past_opening_journey",
        "opening",
        "canceled_by_journey_id",
        condition=BY_JOURNEY,
    ),
    # How many of each state a campaign has, for all and for limited members.
    models.Index(
        fields=["campaign", "state", "opening"],
        name="task_campaign_state",
        condition=Q(campaign__isnull=False),
    ),
    models.Index(
        fields=["created_by_bulk_action_id", "candidate"],
        name="task_bulk_action",
        condition=Q(created_by_bulk_action_id__isnull=False),
    ),
]
