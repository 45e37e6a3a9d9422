"""Which task types each member covers, and which waiting tasks no one covers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import connection
from django.utils.translation import gettext

from pipeline.candidates.models import Opening
from pipeline.foundation.counts import MOST
from pipeline.tasks.models.rules import AgentSkills
from pipeline.tasks.models.states import State
from pipeline.tasks.models.types import TaskType
from pipeline.tasks.next_task import Skills
from pipeline.workspaces.models import Membership


def handed_to(member: Membership) -> Skills:
    """As `Skills.of`, from what is prefetched: no queries for each row of a list."""
    skills: AgentSkills | None = getattr(member, "skills", None)
    openings = {opening.pk for opening in skills.openings.all()} if skills else set()
    if member.is_limited:
        seen = {opening.pk for opening in member.openings.all()}
        openings = seen & openings if openings else seen
    elif not openings:
        return Skills(types_of(skills), None)
    return Skills(types_of(skills), sorted(openings))


def types_of(skills: AgentSkills | None) -> list[str]:
    return list(skills.types) if skills and skills.types else list(TaskType.values)


def types_in_words(skills: Skills) -> str:
    """ "Voicemail, Inbound SMS", or "All"."""
    if set(TaskType.values) <= set(skills.types):
        return "All"
    return ", ".join(type.label for type in TaskType if type in skills.types)


def openings_in_words(skills: Skills, names: Mapping[int, Opening]) -> str:
    if skills.openings is None:
        return "All"
    openings = [str(names[pk]) for pk in skills.openings if pk in names]
    return "; ".join(sorted(openings)) or gettext("None, so gets no tasks")


@dataclass(frozen=True)
class Uncovered:
    """Waiting tasks that fit nobody's skills: of one type, in one opening."""

    type: TaskType
    opening: Opening
    count: int


def uncovered(openings: Mapping[int, Opening], skills: Sequence[Skills]) -> list[Uncovered]:
    """The kinds of tasks that wait and are handed to none of those with `skills`, most first."""
    kinds = [
        (pk, type)
        for pk in openings
        for type in TaskType  # one of a Manual type waits when it was released
        if not any(is_handed(type, pk, of_member) for of_member in skills)
    ]
    if not kinds:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            WAITING,
            {
                "openings": [opening for opening, _ in kinds],
                "types": [type.value for _, type in kinds],
                "most": MOST + 1,
                "in_queue": State.IN_QUEUE.value,
            },
        )
        found = cursor.fetchall()
    return [Uncovered(TaskType(type), openings[pk], count) for pk, type, count in found]


def is_handed(type: TaskType, opening: int, skills: Skills) -> bool:
    return type in skills.types and (skills.openings is None or opening in skills.openings)


# A short walk along task_queue_opening_type for each kind; most of them find nothing.
WAITING = """
SELECT kind.opening, kind.type, waiting.count
FROM unnest(%(openings)s::bigint[], %(types)s::text[]) AS kind(opening, type), LATERAL (
    SELECT count(*) FROM (
        SELECT 1 FROM tasks_task AS task
        WHERE task.opening_id = kind.opening AND task.type = kind.type AND task.state = %(in_queue)s
        LIMIT %(most)s
    ) AS few
) AS waiting(count)
WHERE waiting.count > 0
ORDER BY waiting.count DESC, kind.opening, kind.type
"""
