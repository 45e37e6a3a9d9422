"""Many tasks at once: which may be seen, which may be canceled, and canceling them."""

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Self

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import EmptyResultSet
from django.db import connection, models

from pipeline.candidates.models import Candidate
from pipeline.foundation.fence import fenced
from pipeline.tasks.reasons import Reason, kept
from pipeline.workspaces.models import User, visible_rows

from .actors import Canceler
from .announce import announce
from .scopes import Scope
from .states import PAST, State

if TYPE_CHECKING:
    from .task import Task  # noqa: F401


class TaskQuerySet(models.QuerySet["Task"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Those of the user's workspace; of a limited member, those in its openings."""
        return visible_rows(self, user, "opening")

    def waiting(self) -> Self:
        return self.filter(state=State.IN_QUEUE)

    def assigned(self) -> Self:
        return self.filter(state=State.ASSIGNED)

    def past(self) -> Self:
        return self.filter(state__in=PAST)

    def for_rows(self) -> Self:
        """With what a row shows of other tables, in one query; a task's page asks for the rest."""
        related = self.select_related("workspace", "candidate", "opening", "campaign")
        return related.defer("candidate__attributes")

    def cancelable(self) -> Self:
        """What a journey, a bulk action or a timeout may cancel: nobody has accepted it."""
        return self.waiting()

    def for_candidate(self, candidate: Candidate) -> Self:
        return self.filter(workspace=candidate.workspace_id, candidate=candidate)

    def for_candidates(self, ids: Iterable[int]) -> Self:
        """Narrow it to a workspace too: ids alone tell nothing of whose they are."""
        return self.filter(candidate__in=list(ids))

    @fenced()
    def cancel(
        self,
        scope: Scope,
        by: Canceler,
        reason: str | Reason,
        runs: dict[int, int] | None = None,
    ) -> list[int]:
        """Cancel those of these tasks that are in `scope` and still in the queue.

        One conditional UPDATE, whatever their number; a task that is being accepted at the same
        moment is either accepted or canceled. Returns the ids of the canceled ones, in order.
        `runs` says for each candidate's id which run of the journey it is that cancels.
        """
        waiting = self.waiting().filter(scope.q).order_by("pk").select_for_update(no_key=True)
        fields = {**kept(reason), **by.fields}
        values_of = dict.fromkeys(fields, "%s")
        if runs:
            fields["canceled_by_run_id"] = json.dumps(runs)
            values_of["canceled_by_run_id"] = RUN_OF
        columns = ", ".join(f"{column} = {value}" for column, value in values_of.items())
        try:
            chosen, values = waiting.values("pk", "workspace_id").query.sql_with_params()
        except EmptyResultSet:
            return []
        with connection.cursor() as cursor:
            cursor.execute(
                CANCEL.format(chosen=chosen, columns=columns),
                (*values, State.CANCELED.value, *fields.values()),
            )
            canceled = sorted(cursor.fetchall())
        of_workspace: dict[int, list[int]] = {}
        for pk, workspace_id in canceled:
            of_workspace.setdefault(workspace_id, []).append(pk)
        for workspace_id, ids in of_workspace.items():
            announce("cancel", workspace_id, ids)
        return [pk for pk, _ in canceled]


# Locked in the order of their ids, so that two cancels over the same tasks can't deadlock. A task
# whose lock was waited for is looked at once more: if it was accepted meanwhile, it is left out.
CANCEL = """
WITH chosen (id, workspace_id) AS MATERIALIZED ({chosen})
UPDATE tasks_task AS task SET state = %s, ended_at = now(), {columns}
FROM chosen WHERE task.id = chosen.id
RETURNING task.id, task.workspace_id
"""
RUN_OF = "(%s::jsonb ->> task.candidate_id::text)::bigint"
