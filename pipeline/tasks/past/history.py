"""What happened to one task, as sentences: on its own page and in the candidate's timeline."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from pipeline.tasks.models import Task, TaskRelease
from pipeline.tasks.models.actors import CancelSource, Origin

from .journeys import canceled_url, created_url, journey_url


@dataclass(frozen=True)
class Step:
    """ "Canceled by" "Journey 12 “Converted customers” v3" ", block “…”" ", because “…”" """

    at: datetime
    verb: str
    who: str = ""
    link: str = ""  # to who or what did it
    bulk_action_id: int | None = None
    block: str = ""  # of a journey
    block_link: str = ""  # to what it did then
    place: str = ""
    because: str = ""

    @property
    def sentence(self) -> str:
        action = f", bulk action {self.bulk_action_id}" if self.bulk_action_id else ""
        block = f", block “{self.block}”" if self.block else ""
        because = f", because “{self.because}”" if self.because else ""
        return f"{self.verb} {self.who}".strip() + action + block + self.place + because


def steps_of(task: Task, releases: Iterable[TaskRelease] | None = None) -> list[Step]:
    """From its creation on. `releases` are the task's, where they are already known."""
    given_back = task.releases.all() if releases is None else releases
    return [created(task), *had_before(task, given_back), *what_came_then(task)]


def created(task: Task) -> Step:
    who = task.created_by_name or Origin(task.origin).label
    place = ""
    journey = task.created_by_journey_id
    if journey:
        who = task.created_by_text
    elif task.origin == Origin.CAMPAIGN and task.campaign:
        place = f", for the campaign {task.campaign.short_id} “{task.campaign}”"
    elif task.origin == Origin.EVENT:
        who = f"an inbound event of {who}"
    if task.kind.is_manual:
        place += _("and assigned to them at once")
    return Step(
        task.created_at,
        "Created by",
        who,
        journey_url(journey),
        task.created_by_bulk_action_id,
        task.created_by_block if journey else "",
        created_url(task),
        place,
    )


def had_before(task: Task, releases: Iterable[TaskRelease]) -> Iterator[Step]:
    for release in releases:
        if not is_creation(task, release.accepted_at):
            yield Step(release.accepted_at, "Accepted by", release.agent_name)
        taken = release.released_by_id != release.agent_id
        place = f", from {release.agent_name}" if taken else ""
        verb = _("Returned to the queue by") if taken else "Released by"
        yield Step(
            release.released_at,
            verb,
            release.released_by_name,
            place=place,
            because=release.reason,
        )


def what_came_then(task: Task) -> Iterator[Step]:
    if task.accepted_at and not is_creation(task, task.accepted_at):
        yield Step(task.accepted_at, "Accepted by", task.agent_name)
    if task.completed_at:
        how = task.get_disposition_display()
        yield Step(task.completed_at, f"Completed by {task.agent_name}{how and f': {how}'}")
    if task.canceled_at:
        yield canceled(task)


def canceled(task: Task) -> Step:
    who = task.canceled_by_name or task.get_cancel_source_display()
    if task.canceled_by_journey_id:
        who = task.canceled_by_text
    elif task.cancel_source == CancelSource.CANDIDATE:
        who = f"the candidate {task.canceled_by_name}".rstrip()
    elif not task.canceled_by_bulk_action_id:
        who = f"{who} ({task.get_cancel_source_display()})"
    return Step(
        task.ended_at or task.created_at,
        "Canceled by",
        who,
        journey_url(task.canceled_by_journey_id),
        task.canceled_by_bulk_action_id,
        task.canceled_by_block,
        canceled_url(task),
        because=task.cancel_reason_text,
    )


def is_creation(task: Task, accepted_at: datetime) -> bool:
    """Whether it was then accepted by being made: a Manual task."""
    return task.kind.is_manual and accepted_at == task.created_at
