"""The journeys that canceled tasks: what the filter offers, and what a name in it means."""

import re
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.urls import reverse

from pipeline.tasks.models import Task
from pipeline.tasks.models.states import PAST
from pipeline.workspaces.models import Membership

MOST = 500  # journeys on offer


@dataclass(frozen=True)
class Journey:
    pk: int
    name: str  # as its latest cancel has it: a journey may be renamed, or gone

    def __str__(self) -> str:
        return f"{self.pk} {self.name}"


def journeys_of(membership: Membership) -> list[Journey]:
    """Those that canceled something that the member sees, by their ids."""
    if membership.is_limited:
        column, places = "opening_id", list(membership.openings.values_list("pk", flat=True))
    else:
        column, places = "workspace_id", [membership.workspace_id]
    with connection.cursor() as cursor:
        params: dict[str, Any] = {
            "places": places,
            "most": MOST,
            "past": [state.value for state in PAST],
        }
        cursor.execute(JOURNEYS.format(place=column), params)
        return [Journey(*row) for row in cursor.fetchall()]


def meant(text: str, offered: list[Journey]) -> list[int]:
    """The ids of the journeys that `text` means: an id, a whole offer, or a part of names."""
    text = text.strip()
    number = re.fullmatch(r"(?:journey\s+)?(\d{1,18})", text, re.IGNORECASE)
    if number:
        return [int(number[1])]
    wanted = text.lower()
    whole = [
        journey.pk for journey in offered if wanted in (str(journey).lower(), journey.name.lower())
    ]
    return whole or [journey.pk for journey in offered if wanted in journey.name.lower()]


def journey_url(pk: int | None) -> str:
    """The journey's page; nothing without one."""
    return reverse("journeys:journey", args=[pk]) if pk else ""


def created_url(task: Task) -> str:
    """The line of a run's log that tells of its creation; nothing where no run created it."""
    return line_url(task.created_by_journey_id, task.created_by_run_id, f"created-{task.pk}")


def canceled_url(task: Task) -> str:
    return line_url(task.canceled_by_journey_id, task.canceled_by_run_id, f"canceled-{task.pk}")


def line_url(journey_id: int | None, run_id: int | None, line: str) -> str:
    if not journey_id or not run_id:
        return ""
    return f"{reverse('journeys:run', args=[journey_id, run_id])}#{line}"


# DISTINCT would read every task that a journey ever canceled. Each step of the recursion is one
# probe of an index, to the next journey.
JOURNEYS = """
SELECT DISTINCT ON (found.id) found.id, latest.canceled_by_name
FROM unnest(%(places)s::bigint[]) AS place, LATERAL (
    WITH RECURSIVE journey (id) AS (
        (SELECT canceled_by_journey_id FROM tasks_task
         WHERE {place} = place AND state = ANY(%(past)s)
           AND canceled_by_journey_id IS NOT NULL
         ORDER BY canceled_by_journey_id LIMIT 1)
        UNION ALL
        SELECT (SELECT canceled_by_journey_id FROM tasks_task
                WHERE {place} = place AND state = ANY(%(past)s)
                  AND canceled_by_journey_id > journey.id
                ORDER BY canceled_by_journey_id LIMIT 1)
        FROM journey WHERE journey.id IS NOT NULL
    )
    SELECT id FROM journey WHERE id IS NOT NULL
) AS found, LATERAL (
    SELECT canceled_by_name, ended_at FROM tasks_task
    WHERE {place} = place AND state = ANY(%(past)s)
      AND canceled_by_journey_id = found.id
    ORDER BY ended_at DESC, id DESC LIMIT 1
) AS latest
ORDER BY found.id, latest.ended_at DESC LIMIT %(most)s
"""
