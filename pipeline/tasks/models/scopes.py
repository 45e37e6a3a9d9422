"""Which of the waiting tasks a cancel is for: the three scopes of the Cancel Task block."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q
from django.utils.translation import gettext as _

from pipeline.outreach.models import Campaign, CampaignChannel

from .actors import Origin
from .types import MANUAL, TaskType

# An Outbound SMS that a person or a bulk action made is not the journeys' to take back.
AGENT_SMS = Q(type=TaskType.OUTBOUND_SMS, origin=Origin.JOURNEY)


@dataclass(frozen=True)
class AllTasks:
    """Every task that waits, inbound ones included."""

    @property
    def q(self) -> Q:
        return Q()

    def __str__(self) -> str:
        return "All Tasks"


@dataclass(frozen=True)
class OfTypes:
    """Those of some types. Outbound SMS means the Agent SMS tasks that journeys created.

    Raises ValueError for no type, and for the Manual ones: they are born assigned to an agent.
    """

    types: tuple[TaskType, ...]

    def __init__(self, types: Iterable[TaskType | str]) -> None:
        chosen = tuple(dict.fromkeys(TaskType(type) for type in types))
        if not chosen:
            raise ValueError("Choose at least one task type.")
        if manual := [type.label for type in chosen if type in MANUAL]:
            raise ValueError(
                _(
                    "%(types)s can't be canceled like this: a Manual task is assigned to "
                    "the agent who creates it, so it never waits in the queue."
                )
                % {"types": ", ".join(manual)}
            )
        object.__setattr__(self, "types", chosen)

    @property
    def q(self) -> Q:
        plain = [type for type in self.types if type != TaskType.OUTBOUND_SMS]
        chosen = Q(type__in=plain)
        return chosen | AGENT_SMS if TaskType.OUTBOUND_SMS in self.types else chosen

    def __str__(self) -> str:
        return ", ".join(type.label for type in self.types)


@dataclass(frozen=True)
class OfCampaign:
    """Those of one campaign; of an SMS campaign only the Agent SMS tasks that journeys created."""

    campaign: Campaign

    @property
    def q(self) -> Q:
        tasks = Q(campaign=self.campaign.pk)
        return tasks & AGENT_SMS if self.campaign.channel == CampaignChannel.SMS else tasks

    def __str__(self) -> str:
        return f"campaign {self.campaign.short_id} {self.campaign}"


Scope = AllTasks | OfTypes | OfCampaign
