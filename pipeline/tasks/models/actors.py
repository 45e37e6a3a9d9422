"""Who or what creates a task, and who or what cancels one.

Both are written into the task itself, names included: they stay readable after the person, the
journey or the bulk action is gone.
"""

from dataclasses import dataclass
from typing import Any

from django.db import models

from pipeline.outreach.models import Campaign
from pipeline.workspaces.models import User


class Origin(models.TextChoices):
    JOURNEY = "journey", "Journey"
    CAMPAIGN = "campaign", "Campaign"  # filled with candidates by a bulk action
    AGENT = "agent", "Agent"
    BULK_ACTION = "bulk_action", "Bulk action"
    EVENT = "event", "Inbound event"


class CancelSource(models.TextChoices):
    JOURNEY = "journey", "Journey"
    AGENT = "agent", "Agent"
    ADMIN = "admin", "Admin"
    BULK_ACTION = "bulk_action", "Bulk action"
    CANDIDATE = "candidate", "Candidate"
    TIMEOUT = "timeout", "Timeout"


@dataclass(frozen=True)
class JourneyBlock:
    """The place in a journey from which a run acts."""

    journey_id: int
    name: str
    version: int
    block: str  # its label: "Cancel Task: Outbound Call"
    run_id: int | None = None


@dataclass(frozen=True)
class Actor:
    name: str
    user_id: int | None = None
    journey_id: int | None = None
    journey_version: int | None = None
    block: str = ""
    run_id: int | None = None
    bulk_action_id: int | None = None

    def columns(self, verb: str) -> dict[str, Any]:
        """The task's columns about who `created` or `canceled` it."""
        return {
            f"{verb}_by_id": self.user_id,
            f"{verb}_by_name": self.name[:310],
            f"{verb}_by_journey_id": self.journey_id,
            f"{verb}_by_journey_version": self.journey_version,
            f"{verb}_by_block": self.block[:200],
            f"{verb}_by_run_id": self.run_id,
            f"{verb}_by_bulk_action_id": self.bulk_action_id,
        }


def _from_journey(at: JourneyBlock) -> dict[str, Any]:
    return {
        "name": at.name,
        "journey_id": at.journey_id,
        "journey_version": at.version,
        "block": at.block,
        "run_id": at.run_id,
    }


@dataclass(frozen=True, kw_only=True)
class Creator(Actor):
    origin: Origin

    @classmethod
    def person(cls, user: User) -> "Creator":
        return cls(name=str(user), user_id=user.pk, origin=Origin.AGENT)

    @classmethod
    def journey(cls, at: JourneyBlock) -> "Creator":
        return cls(**_from_journey(at), origin=Origin.JOURNEY)

    @classmethod
    def bulk_action(cls, pk: int, by: User, campaign: Campaign | None = None) -> "Creator":
        """By the order of `by`; with a campaign, which it fills, that is what made the tasks."""
        origin = Origin.CAMPAIGN if campaign else Origin.BULK_ACTION
        return cls(name=str(by), user_id=by.pk, bulk_action_id=pk, origin=origin)

    @classmethod
    def event(cls, sender: str) -> "Creator":
        """An inbound event, told by the system that has the API token of that name."""
        return cls(name=sender, origin=Origin.EVENT)

    @property
    def fields(self) -> dict[str, Any]:
        return {"origin": self.origin, **self.columns("created")}


@dataclass(frozen=True, kw_only=True)
class Canceler(Actor):
    source: CancelSource

    @classmethod
    def person(cls, user: User) -> "Canceler":
        is_manager = user.membership.can_manage
        source = CancelSource.ADMIN if is_manager else CancelSource.AGENT
        return cls(name=str(user), user_id=user.pk, source=source)

    @classmethod
    def journey(cls, at: JourneyBlock) -> "Canceler":
        return cls(**_from_journey(at), source=CancelSource.JOURNEY)

    @classmethod
    def bulk_action(cls, pk: int, by: User) -> "Canceler":
        return cls(name=str(by), user_id=by.pk, bulk_action_id=pk, source=CancelSource.BULK_ACTION)

    @classmethod
    def candidate(cls, name: str) -> "Canceler":
        return cls(name=name, source=CancelSource.CANDIDATE)

    @classmethod
    def timeout(cls) -> "Canceler":
        return cls(name="Belay", source=CancelSource.TIMEOUT)

    @property
    def fields(self) -> dict[str, Any]:
        return {"cancel_source": self.source, **self.columns("canceled")}
