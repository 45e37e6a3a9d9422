"""Tasks of many candidates at once: SQL for the chunks of bulk actions and journeys.

Each function returns common table expressions with named parameters, for a statement that has the
candidates in a table expression of its own, `people`. Their rows, and with `hold_tasks` their open
tasks, must have been locked by a statement before it: then what is counted and chosen here stays
so until the commit. Without the locks the same SQL is a preview. Who executes it announces it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import count
from typing import Any

from django.db import connection

from pipeline.outreach import optouts
from pipeline.outreach.models import CampaignState, CampaignWork, Channel, Priority

from .models import Task
from .models.querysets import TaskQuerySet
from .models.rules import TaskRules
from .models.scopes import Scope
from .models.states import State
from .models.types import KINDS, OF_CAMPAIGN, TaskChannel, TaskType

Sql = tuple[str, dict[str, Any]]
NO_PHONE, NO_EMAIL = "Has no phone number.", "Has no e-mail address."
OPT_OUTS = {
    TaskChannel.SMS: (Channel.SMS, "Has opted out of SMS."),
    TaskChannel.EMAIL: (Channel.EMAIL, "Has opted out of e-mails."),
}
# What a candidate lacks for a task; any other problem is the campaign's or a limit's.
LACKS = {NO_PHONE, NO_EMAIL, *(text for _, text in OPT_OUTS.values())}


def hold_tasks(candidate_ids: list[int]) -> None:
    """Lock their open tasks, in the order of their ids as every cancel does.

    Assigned ones too, as they may be released into the queue. A candidate who is locked already
    gets no new ones; so afterwards none is accepted, completed or canceled by anybody else.
    """
    with connection.cursor() as cursor:
        cursor.execute(HOLD, [candidate_ids])


@dataclass(frozen=True)
class NewTasks:
    """One task in the queue for each of many candidates, as `create_task` makes them one by one.

    Of a type that waits in the queue, with a due time where it is timed.
    """

    workspace_id: int
    type: TaskType
    campaign_id: int | None = None
    campaign_name: str = ""
    priority: int | None = None  # else the campaign's, or Normal
    due_at: datetime | None = None
    notes: str = ""

    @cached_property
    def enough(self) -> str:
        """The problem of who has the most waiting tasks of the type already."""
        most = TaskRules.of(self.workspace_id).most_waiting
        return (
            f"Has already {most} waiting task{'' if most == 1 else 's'} of this type (the most your"
            " workspace allows)."
        )

    def ruling(self, people: str, *, holds: bool = True) -> Sql:
        """`ruled`: `people` with `problem`, why somebody gets no task, else empty.

        Reads their id, email and phone. Changes nothing, and locks nothing unless it `holds` the
        campaign.
        """
        channel = KINDS[self.type].channel
        rules = [CAMPAIGN_RULES] if self.campaign_id else []
        if channel in (TaskChannel.PHONE, TaskChannel.SMS):
            rules.append("WHEN phone = '' THEN %(task_no_phone)s")
        if channel == TaskChannel.EMAIL:
            rules.append("WHEN email = '' THEN %(task_no_email)s")
        if channel in OPT_OUTS:
            rules.append(OPT_OUT_RULE.replace("address_of", optouts.FIELD[OPT_OUTS[channel][0]]))
        rules.append(NUMBER_RULE)
        whens = "\n            ".join(rules).format(people=people)
        hold = "FOR KEY SHARE" if holds else ""
        sql = RULING.format(people=people, rules=whens, hold=hold)
        return sql, self._ruling_params(channel)

    def _ruling_params(self, channel: TaskChannel) -> dict[str, Any]:
        fitting = [channel for channel, types in OF_CAMPAIGN.items() if self.type in types]
        opt_out, opted_out = OPT_OUTS.get(channel, ("", ""))
        return {
            "task_workspace": self.workspace_id,
            "task_campaign": self.campaign_id,
            "task_channels": [str(channel) for channel in fitting],
            "task_work": str(CampaignWork.AGENTS),
            "task_draft": str(CampaignState.DRAFT),
            "task_gone": f"The campaign {self.campaign_name} no longer exists.",
            "task_unfit": f"The campaign {self.campaign_name} is no longer ready for such tasks.",
            "task_no_phone": NO_PHONE,
            "task_no_email": NO_EMAIL,
            "task_opt_out": str(opt_out),
            "task_opted_out": opted_out,
            "task_type": str(self.type),
            "task_waiting": str(State.IN_QUEUE),
            "task_most": TaskRules.of(self.workspace_id).most_waiting,
            "task_enough": self.enough,
        }

    def creating(self, source: str, creator: dict[str, Any], by: Mapping[str, str]) -> Sql:
        """`created (id, candidate_id)`: a task for each row of `source`; to follow `ruling`.

        `source` is a FROM clause in which `person` has the candidate's id and opening_id. `creator`
        are the fields of a Creator, `by` those of its columns that are SQL over `source`.
        """
        task = Task(
            workspace_id=self.workspace_id,
            campaign_id=self.campaign_id,
            type=self.type,
            due_at=self.due_at,
            notes=self.notes,
            **creator,
        )
        computed = {
            "candidate_id": "person.id",
            "opening_id": "person.opening_id",
            "priority": PRIORITY,
            **by,
        }
        values = {name: value for name, value in columns_of(task).items() if name not in computed}
        params = {f"new_{name}": value for name, value in values.items()}
        computed |= {name: f"%(new_{name})s" for name in values}
        sql = CREATING.format(
            columns=", ".join(computed), values=", ".join(computed.values()), source=source
        )
        normal = {"task_priority": self.priority, "task_normal": int(Priority.NORMAL)}
        return sql, params | normal


def columns_of(task: Task) -> dict[str, Any]:
    """What an INSERT has to say of it: all but what the database itself fills in."""
    fields = [field for field in Task._meta.concrete_fields if not field.primary_key]
    return {
        str(field.column): getattr(task, field.attname)
        for field in fields
        if not field.has_db_default()
    }


def choosing(
    people: str, workspace_id: int, scope: Scope, tasks: TaskQuerySet | None = None
) -> Sql:
    """`chosen (id, candidate_id, type)`: the tasks of `people` that a cancel in `scope` is for.

    Or those of `tasks` in that scope.
    """
    tasks = Task.objects.cancelable() if tasks is None else tasks
    query = tasks.filter(scope.q, workspace=workspace_id).query
    where, params = query.get_compiler(connection=connection).compile(query.where)
    condition, named = with_names("scope", where, tuple(params))
    return CHOOSING.format(people=people, condition=condition), named


def canceling(
    source: str, task: str, canceler: dict[str, Any], by: Mapping[str, str], reason: str
) -> Sql:
    """`canceled (id, candidate_id)`: the tasks whose id is `task` in `source`, a FROM clause.

    `canceler` are the fields of a Canceler, `by` those of its columns that are SQL over `source`.
    """
    values = {name: value for name, value in canceler.items() if name not in by}
    values["cancel_reason"] = reason
    columns = {name: f"%(set_{name})s" for name in values} | dict(by)
    sql = CANCELING.format(
        columns=", ".join(f"{name} = {value}" for name, value in columns.items()),
        source=source,
        task=task,
    )
    return sql, {f"set_{name}": value for name, value in values.items()}


def with_names(prefix: str, sql: str, values: tuple[Any, ...]) -> Sql:
    """The ORM's SQL with named parameters: psycopg takes positional or named ones, not both."""
    number = count()
    named = re.sub("%(.)", lambda m: m[0] if m[1] == "%" else f"%({prefix}_{next(number)})s", sql)
    return named, {f"{prefix}_{n}": value for n, value in enumerate(values)}


HOLD = """
SELECT count(*) FROM (
    SELECT FROM tasks_task WHERE candidate_id = ANY(%s) AND state IN ('in_queue', 'assigned')
    ORDER BY id FOR NO KEY UPDATE
) AS held
"""

# Everywhere below the tasks are looked up by their candidate, and only then by anything else: what
# statistics say of a queue that has just grown leads the planner to walk all of it for each chunk.

# The key-share lock keeps the campaign from being deleted between the look and the change.
RULING = """
of_campaign AS (
    SELECT id, priority,
           work = %(task_work)s AND state <> %(task_draft)s AND channel = ANY(%(task_channels)s)
           AS fits
    FROM outreach_campaign
    WHERE id = %(task_campaign)s AND workspace_id = %(task_workspace)s {hold}
), ruled AS (
    SELECT {people}.*, CASE
            {rules}
            ELSE '' END AS problem
    FROM {people}
)
"""
CAMPAIGN_RULES = """WHEN NOT EXISTS (SELECT FROM of_campaign) THEN %(task_gone)s
            WHEN NOT (SELECT fits FROM of_campaign) THEN %(task_unfit)s"""
OPT_OUT_RULE = """WHEN EXISTS (
                SELECT FROM outreach_optout WHERE workspace_id = %(task_workspace)s
                AND channel = %(task_opt_out)s AND address = lower({people}.address_of)
            ) THEN %(task_opted_out)s"""
NUMBER_RULE = """WHEN %(task_most)s <= (
                SELECT count(*) FILTER (WHERE type = %(task_type)s AND state = %(task_waiting)s)
                FROM tasks_task WHERE candidate_id = {people}.id
            ) THEN %(task_enough)s"""

PRIORITY = """
coalesce(%(task_priority)s::int, (SELECT priority FROM of_campaign), %(task_normal)s)
"""
CREATING = """
created AS (
    INSERT INTO tasks_task ({columns}) SELECT {values} FROM {source} ORDER BY person.id
    RETURNING id, candidate_id
)
"""

CHOOSING = """
chosen (id, candidate_id, type) AS MATERIALIZED (
    SELECT tasks_task.id, tasks_task.candidate_id, tasks_task.type
    FROM {people} CROSS JOIN LATERAL (
        SELECT * FROM tasks_task AS task WHERE task.candidate_id = {people}.id OFFSET 0
    ) AS tasks_task
    WHERE {condition}
)
"""
CANCELING = """
canceled AS (
    UPDATE tasks_task AS task SET state = 'canceled', ended_at = now(), {columns}
    FROM {source}
    WHERE task.id = {task} AND task.state <> ALL(ARRAY['assigned', 'completed', 'canceled'])
    RETURNING task.id, task.candidate_id
)
"""
