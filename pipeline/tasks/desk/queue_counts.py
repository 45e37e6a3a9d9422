"""How the queues stand: what waits, since when, and what was done today."""

from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from django.db import connection
from django.utils import timezone
from django.utils.formats import localize

from pipeline.foundation import database_clock
from pipeline.foundation.counts import MOST
from pipeline.tasks.models.states import State
from pipeline.tasks.models.types import TaskChannel, TaskType, types_of
from pipeline.workspaces.models import User


@dataclass(frozen=True)
class Count:
    """A number, or "at least that many"."""

    number: int = 0
    is_all: bool = True

    def __str__(self) -> str:
        return f"{localize(self.number)}{'' if self.is_all else '+'}"


@dataclass(frozen=True)
class QueueStats:
    """One channel's queue. "Today" is the workspace's day."""

    channel: TaskChannel
    waiting: Count
    oldest: datetime | None
    assigned: Count
    completed: Count
    canceled: Count


def standings_for(user: User) -> list[QueueStats]:
    """Of each channel, as far as `user` may see. Two queries along indexes, none longer than MOST
    for each number."""
    membership = user.membership
    params: dict[str, Any] = {
        "workspace": membership.workspace_id,
        "types": TaskType.values,
        "most": MOST + 1,
        **{state.value: state.value for state in State},
        "today": datetime.combine(
            timezone.localdate(database_clock.now()), time(), timezone.get_current_timezone()
        ),
    }
    seen = "task.workspace_id = %(workspace)s"
    if membership.is_limited:
        seen += " AND task.opening_id = ANY(%(openings)s::bigint[])"
        params["openings"] = list(membership.openings.values_list("pk", flat=True))
    with connection.cursor() as cursor:
        cursor.execute(OPEN.format(seen=seen), params)
        now = {type: numbers for type, *numbers in cursor.fetchall()}
        cursor.execute(ENDED_TODAY.format(seen=seen), params)
        ended = {(state, type): number for state, type, number in cursor.fetchall()}
    return [standing_of(channel, now, ended) for channel in TaskChannel]


def standing_of(
    channel: TaskChannel, now: dict[str, list[Any]], ended: dict[tuple[str, str], int]
) -> QueueStats:
    types = types_of(channel)
    waiting, oldest, assigned = zip(*(now[type] for type in types), strict=True)
    return QueueStats(
        channel=channel,
        waiting=counted(sum(waiting)),
        oldest=min((since for since in oldest if since), default=None),
        assigned=counted(sum(assigned)),
        completed=ended_count(State.COMPLETED, types, ended),
        canceled=ended_count(State.CANCELED, types, ended),
    )


def counted(number: int) -> Count:
    return Count(min(number, MOST), is_all=number <= MOST)


def ended_count(
    state: str, types: tuple[TaskType, ...], ended: dict[tuple[str, str], int]
) -> Count:
    """Of these types; counting stopped after MOST of all types together."""
    in_all = sum(number for (of_state, _), number in ended.items() if of_state == state)
    number = sum(ended.get((state, type), 0) for type in types)
    return Count(min(number, MOST), is_all=in_all <= MOST)


# One row for each type, as the indexes lead by type.
OPEN = """
SELECT kind.type,
    (SELECT count(*) FROM (
        SELECT FROM tasks_task AS task
        WHERE {seen} AND task.state = %(in_queue)s AND task.type = kind.type LIMIT %(most)s
    ) AS waiting),
    (SELECT task.queued_at FROM tasks_task AS task
     WHERE {seen} AND task.state = %(in_queue)s AND task.type = kind.type
     ORDER BY task.queued_at LIMIT 1),
    (SELECT count(*) FROM (
        SELECT FROM tasks_task AS task
        WHERE {seen} AND task.state = %(assigned)s AND task.type = kind.type LIMIT %(most)s
    ) AS assigned)
FROM unnest(%(types)s::text[]) AS kind (type)
"""

ENDED_TODAY = """
SELECT state, type, count(*) FROM (
    (SELECT task.state, task.type FROM tasks_task AS task
     WHERE {seen} AND task.state = %(completed)s AND task.ended_at >= %(today)s LIMIT %(most)s)
    UNION ALL
    (SELECT task.state, task.type FROM tasks_task AS task
     WHERE {seen} AND task.state = %(canceled)s AND task.ended_at >= %(today)s LIMIT %(most)s)
) AS ended GROUP BY state, type
"""
