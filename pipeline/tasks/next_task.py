"""*Next task*: gives an agent the most urgent task that fits, and no two agents the same one."""

from dataclasses import dataclass

from django.db import connection, transaction

from pipeline.outreach import sql
from pipeline.outreach.models import CampaignState, Priority
from pipeline.workspaces.models import User

from .models import Task
from .models.announce import announce
from .models.rules import AgentSkills
from .models.states import State
from .models.types import TIMED, TaskType

FEW = 50  # candidates for the next task, more than agents that ask at the same moment
MANY = 1000


@dataclass(frozen=True)
class Skills:
    """What an agent may be handed: types, and openings (None: all of the workspace)."""

    types: list[str]
    openings: list[int] | None

    @classmethod
    def of(cls, user: User) -> "Skills":
        """What was set for the user, and never more than the user may see."""
        membership = user.membership
        skills = AgentSkills.objects.filter(membership=membership).first()
        chosen = set(skills.openings.values_list("pk", flat=True)) if skills else set()
        openings = sorted(chosen) if chosen else None
        if membership.is_limited:
            seen = set(membership.openings.values_list("pk", flat=True))
            openings = sorted(seen & chosen if chosen else seen)
        types = list(skills.types) if skills and skills.types else list(TaskType.values)
        return cls(types, openings)


@transaction.atomic
def take_next_task(agent: User) -> Task | None:
    """Accept for `agent` the first task of the queue that fits; None when there is none.

    Locks one row, and skips those that others have locked: nobody waits for anybody.
    """
    skills = Skills.of(agent)
    for number in (FEW, MANY):
        taken, looked_at = take(agent, skills, number)
        if taken:
            announce("accept", agent.membership.workspace_id, [taken])
            return Task.objects.get(pk=taken)
        if looked_at < number:
            break  # that was all there is
    return None


def take(agent: User, skills: Skills, number: int) -> tuple[int | None, int]:
    """The id of the task taken from the first `number` that fit, and how many were looked at."""
    places = OF_WORKSPACE if skills.openings is None else OF_OPENINGS
    with connection.cursor() as cursor:
        cursor.execute(
            TAKE.format(
                held=sql.HELD_CAMPAIGNS,
                untimed=UNTIMED.format(**places),
                timed=TIMED_ONES.format(**places),
            ),
            {
                "workspace": agent.membership.workspace_id,
                "openings": skills.openings,
                "untimed": [type for type in skills.types if type not in TIMED],
                "timed": [type for type in skills.types if type in TIMED],
                "levels": Priority.values,
                "number": number,
                "in_queue": State.IN_QUEUE.value,
                "assigned": State.ASSIGNED.value,
                "ready": CampaignState.READY.value,
                "agent": agent.pk,
                "agent_name": str(agent),
            },
        )
        taken, looked_at = cursor.fetchone()
    return taken, looked_at


OF_WORKSPACE = {"places": "", "place": "task.workspace_id = %(workspace)s"}
OF_OPENINGS = {
    "places": "unnest(%(openings)s::bigint[]) AS place, ",
    "place": "task.opening_id = place AND task.workspace_id = %(workspace)s",
}

# Each type, in each opening, is a walk along one index in the order of the queue. A callback or
# reminder that is not due yet would be in the way, so of these each priority is a walk of its own.
UNTIMED = """
SELECT first.* FROM {places}unnest(%(untimed)s::text[]) AS wanted, LATERAL (
    SELECT task.id, task.priority, task.due_at FROM tasks_task AS task
    WHERE {place} AND task.state = %(in_queue)s AND task.type = wanted
      AND (task.campaign_id IS NULL OR task.campaign_id <> ALL(ARRAY(SELECT id FROM held)))
    ORDER BY task.priority DESC, task.due_at, task.id LIMIT %(number)s
) AS first
"""
TIMED_ONES = """
SELECT first.* FROM {places}unnest(%(timed)s::text[]) AS wanted,
    unnest(%(levels)s::int[]) AS level, LATERAL (
    SELECT task.id, task.priority, task.due_at FROM tasks_task AS task
    WHERE {place} AND task.state = %(in_queue)s AND task.type = wanted AND task.priority = level
      AND (task.campaign_id IS NULL OR task.campaign_id <> ALL(ARRAY(SELECT id FROM held)))
      AND task.due_at <= now()
    ORDER BY task.priority DESC, task.due_at, task.id LIMIT %(number)s
) AS first
"""

# The first ones are found without a lock, then one of them is locked; its state is looked at
# again with the lock, as it may have been accepted or canceled in between.
TAKE = """
WITH held AS (
    {held}
), first AS MATERIALIZED (
    SELECT id FROM ({untimed} UNION ALL {timed}) AS fitting
    ORDER BY priority DESC, due_at, id LIMIT %(number)s
), chosen AS MATERIALIZED (
    SELECT task.id FROM tasks_task AS task
    WHERE task.id = ANY(ARRAY(SELECT id FROM first)) AND task.state = %(in_queue)s
    ORDER BY task.priority DESC, task.due_at, task.id
    LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED
), taken AS (
    UPDATE tasks_task AS task
    SET state = %(assigned)s, agent_id = %(agent)s, agent_name = %(agent_name)s, accepted_at = now()
    FROM chosen WHERE task.id = chosen.id
    RETURNING task.id
)
SELECT (SELECT id FROM taken), (SELECT count(*) FROM first)
"""
