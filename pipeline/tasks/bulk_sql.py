"""Tasks of many candidates at once: SQL for the chunks of bulk actions and journeys.

Each function returns common table expressions with named parameters, for a statement that has the
candidates in a table expression of its own, `people`. Their rows, and with `hold_tasks` their open
tasks, must have been locked by a statement before it: then what is counted and chosen here stays
so until the commit. Without the locks the same SQL is a preview. Who executes it announces it.
"""

import re
from collections.abc import Mapping
from itertools import count
from typing import Any

from django.db import connection

from pipeline.outreach.models import Priority

from .models import Task
from .models.querysets import TaskQuerySet
from .models.scopes import Scope
from .models.states import MOVES, State
from .new_tasks import NewTasks
from .reasons import Reason, kept

Sql = tuple[str, dict[str, Any]]


def hold_tasks(candidate_ids: list[int]) -> None:
    """Lock their open tasks, in the order of their ids as every cancel does.

    Assigned ones too, as they may be released into the queue. A candidate who is locked already
    gets no new ones; so afterwards none is accepted, completed or canceled by anybody else.
    """
    with connection.cursor() as cursor:
        cursor.execute(HOLD, [candidate_ids, [State.IN_QUEUE.value, State.ASSIGNED.value]])


def creating(new: NewTasks, source: str, creator: dict[str, Any], by: Mapping[str, str]) -> Sql:
    """`created (id, candidate_id)`: a task for each row of `source`; to follow `ruling`.

    `source` is a FROM clause in which `person` has the candidate's id and opening_id. `creator`
    are the fields of a Creator, `by` those of its columns that are SQL over `source`.
    """
    task = Task(
        workspace_id=new.workspace_id,
        campaign_id=new.campaign_id,
        type=new.type,
        due_at=new.due_at,
        notes=new.notes,
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
    normal = {"task_priority": new.priority, "task_normal": int(Priority.NORMAL)}
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
    source: str, task: str, canceler: dict[str, Any], by: Mapping[str, str], reason: str | Reason
) -> Sql:
    """`canceled (id, candidate_id)`: the tasks whose id is `task` in `source`, a FROM clause.

    `canceler` are the fields of a Canceler, `by` those of its columns that are SQL over `source`.
    """
    values = {name: value for name, value in canceler.items() if name not in by}
    values |= kept(reason)
    columns = {name: f"%(set_{name})s" for name in values} | dict(by)
    sql = CANCELING.format(
        columns=", ".join(f"{name} = {value}" for name, value in columns.items()),
        source=source,
        task=task,
    )
    params = {f"set_{name}": value for name, value in values.items()}
    never = [state.value for state in State if state not in MOVES["cancel"]]
    return sql, params | {"set_state": State.CANCELED.value, "set_never": never}


def with_names(prefix: str, sql: str, values: tuple[Any, ...]) -> Sql:
    """The ORM's SQL with named parameters: psycopg takes positional or named ones, not both."""
    number = count()
    named = re.sub("%(.)", lambda m: m[0] if m[1] == "%" else f"%({prefix}_{next(number)})s", sql)
    return named, {f"{prefix}_{n}": value for n, value in enumerate(values)}


HOLD = """
SELECT count(*) FROM (
    SELECT FROM tasks_task WHERE candidate_id = ANY(%s) AND state = ANY(%s)
    ORDER BY id FOR NO KEY UPDATE
) AS held
"""

# Everywhere below the tasks are looked up by their candidate, and only then by anything else: what
# statistics say of a queue that has just grown leads the planner to walk all of it for each chunk.

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
    UPDATE tasks_task AS task SET state = %(set_state)s, ended_at = now(), {columns}
    FROM {source}
    WHERE task.id = {task} AND task.state <> ALL(%(set_never)s)
    RETURNING task.id, task.candidate_id
)
"""
