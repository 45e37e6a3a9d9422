from collections import Counter
from typing import Any

from django import forms
from django.core.exceptions import EmptyResultSet
from django.db import connection

from pipeline.bulk_actions.models import BulkAction, Chunk
from pipeline.bulk_actions.models.bulk_action import LONGEST_TITLE
from pipeline.bulk_actions.reasons import Code, sentence_of
from pipeline.candidates.models import CandidateQuerySet
from pipeline.foundation.words import clipped, counted, plural
from pipeline.outreach.models import Campaign
from pipeline.tasks.bulk_sql import canceling, choosing, with_names
from pipeline.tasks.models import Task
from pipeline.tasks.models.actors import Canceler, CancelSource
from pipeline.tasks.models.querysets import TaskQuerySet
from pipeline.tasks.models.scopes import AllTasks, OfCampaign, OfTypes, Scope
from pipeline.tasks.models.types import TaskType

from . import with_tasks
from .base import OptionsForm, Preview
from .judging import JudgedChange, JudgingOperation

SCOPES = {"types": "Task type", "campaign": "Campaign", "all": "All tasks"}
NOT_CHOSEN = {
    "task_types": "Choose at least one task type.",
    "of_campaign": "Choose the campaign whose tasks are to be canceled.",
}


class CancelTasksForm(OptionsForm):
    fields_template = "bulk_actions/_cancel_tasks_fields.html"

    scope = forms.ChoiceField(
        label="Which waiting tasks",
        choices=list(SCOPES.items()),
        widget=forms.RadioSelect,
        initial="types",
        error_messages={"required": "Choose which tasks are to be canceled."},
    )
    task_types = forms.MultipleChoiceField(
        label="Task types",
        choices=[choice for _, choices in with_tasks.TYPE_CHOICES for choice in choices],
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text="Outbound SMS means the Agent SMS tasks that journeys created. Manual types are "
        "left out: the agent who makes such a task has it at once, so it never waits.",
    )
    of_campaign = with_tasks.CampaignField(
        label="Campaign",
        required=False,
        empty_label="Choose a campaign",
        help_text="Of an SMS campaign, only the Agent SMS tasks that journeys created.",
    )
    reason = forms.CharField(
        max_length=1000,
        widget=forms.Textarea({"rows": 3}),
        help_text="Kept with each task, for whoever looks for it later.",
        error_messages={"required": "Say why the tasks are canceled."},
    )

    def offer(self) -> None:
        field = self.fields["of_campaign"]
        assert isinstance(field, with_tasks.CampaignField)
        field.offer(Campaign.objects.visible_to(self.user))
        self.fields[
            "reason"
        ].initial = f"Canceled by {self.user} with the bulk action “{CancelTasks.label}”."

    def clean(self) -> dict[str, Any]:
        chosen: dict[str, Any] = super().clean() or self.cleaned_data
        needed = {"types": "task_types", "campaign": "of_campaign"}.get(chosen.get("scope", ""))
        if needed and not chosen.get(needed) and needed not in self.errors:
            self.add_error(needed, NOT_CHOSEN[needed])
        return chosen

    def options(self) -> dict[str, Any]:
        chosen = self.cleaned_data
        campaign = chosen["of_campaign"] if chosen["scope"] == "campaign" else None
        return {
            "workspace": self.user.membership.workspace_id,
            "scope": chosen["scope"],
            "types": chosen["task_types"] if chosen["scope"] == "types" else [],
            "campaign": campaign and campaign.pk,
            "campaign_name": campaign.name if campaign else "",
            "campaign_channel": campaign.channel if campaign else "",
            "reason": chosen["reason"],
        }

    @classmethod
    def answers(cls, options: dict[str, Any]) -> dict[str, Any]:
        return {
            "scope": options["scope"],
            "task_types": options["types"],
            "of_campaign": options["campaign"],
            "reason": options["reason"],
        }


class CancelTasks(JudgingOperation):
    """Cancel what candidates have in the agents' queue, in one of the scopes of a journey's block.

    A task that an agent accepts meanwhile stays with the agent: it is either, never both. A
    canceled one stays canceled, so there is no way back.
    """

    key = "cancel_tasks"
    label = "Cancel waiting tasks"
    changes = ()
    command = "Cancel the tasks of"
    form = CancelTasksForm
    verb = "freed of waiting tasks"
    on_cancel = "Their tasks stay canceled."
    way_out = "Keep the tasks"
    tells_what_was = False
    locks_first = True

    @property
    def scope(self) -> Scope:
        if self.options["scope"] == "types":
            return OfTypes(self.options["types"])
        if self.options["scope"] == "campaign":
            # As it was when the order was given, whatever became of it.
            pk, channel = self.options["campaign"], self.options["campaign_channel"]
            return OfCampaign(Campaign(pk=pk, channel=channel))
        return AllTasks()

    @property
    def _of(self) -> str:
        if self.options["scope"] == "types":
            return ", ".join(TaskType(type).label for type in self.options["types"])
        return self.options["campaign_name"] or "all"

    @property
    def title(self) -> str:
        return clipped(f"Cancel waiting tasks: {self._of}", LONGEST_TITLE)

    @property
    def details(self) -> str:
        return f"Reason: {self.options['reason']}"

    @property
    def already(self) -> str:  # type: ignore[override]
        return sentence_of(self.nothing)

    @property
    def nothing(self) -> Code:
        return Code.NO_TASK if self.options["scope"] == "all" else Code.NO_TASK_OF_KIND

    def change(self) -> JudgedChange:
        chosen, params = choosing("seen", self.options["workspace"], self.scope)
        changing, values = canceling(
            "chosen, starter",
            "chosen.id",
            Canceler(name="", source=CancelSource.BULK_ACTION).fields,
            with_tasks.by_starter("canceled"),
            reason=self.options["reason"],
        )
        return JudgedChange(
            judging=f"{chosen}, {JUDGED}",
            changing=f"{with_tasks.STARTER}, {changing}",
            params=params | values | {"nothing": self.nothing},
        )

    def preview(self, candidates: CandidateQuerySet) -> Preview:
        preview = super().preview(candidates)
        preview.notes.append(self.tasks_of(candidates))
        return preview

    def tasks_of(self, candidates: CandidateQuerySet) -> str:
        """What would be canceled and what would stay, in numbers."""
        waiting = self.count(Task.objects.cancelable(), candidates)
        if not waiting:
            sentence = "No waiting task would be canceled"
        else:
            tasks = counted(waiting.total(), "waiting task")
            sentence = f"{tasks} would be canceled: {of_types(waiting)}"
        if assigned := self.count(Task.objects.assigned(), candidates).total():
            stay = plural(assigned, "is with an agent and stays", "are with an agent and stay")
            sentence += f"; {assigned:,} {stay}"
        return f"{sentence}."

    def count(self, tasks: TaskQuerySet, candidates: CandidateQuerySet) -> Counter[str]:
        """How many `tasks` of each type the candidates have, found candidate by candidate."""
        try:
            sql, values = candidates.order_by().values_list("pk").query.sql_with_params()
        except EmptyResultSet:
            return Counter()
        selection, named = with_names("picked", sql, values)
        chosen, params = choosing("picked", self.options["workspace"], self.scope, tasks)
        with connection.cursor() as cursor:
            cursor.execute(COUNT.format(selection=selection, chosen=chosen), params | named)
            return Counter(dict(cursor.fetchall()))

    def lock_related(self, action: BulkAction, chunk: Chunk) -> None:
        with_tasks.lock(chunk)

    def after_write(self, action: BulkAction, chunk: Chunk) -> None:
        with_tasks.announce_canceled(action, chunk)

    def describe_before(self, befores: list[dict[str, Any]]) -> list[str]:
        return [canceled(before.get("tasks", [])) for before in befores]


def of_types(numbers: Counter[str]) -> str:
    """ "31 Outbound Call, 6 ASAP Callback": the most frequent first."""
    return ", ".join(f"{n:,} {TaskType(type).label}" for type, n in numbers.most_common())


def canceled(tasks: list[tuple[int, str]]) -> str:
    if not tasks:
        return ""
    return f"Canceled {len(tasks):,}: {', '.join(TaskType(type).label for _, type in tasks)}"


COUNT = """
WITH picked (id) AS MATERIALIZED (
    {selection}
), {chosen}
SELECT type, count(*) FROM chosen GROUP BY type
"""

# The ids and types of what is canceled, in the order of the ids. Grouped, not joined: a join may
# compare everybody with everybody who has tasks. See LEFT_OUT_OF_SEEN.
JUDGED = """
of_each AS (
    SELECT id, jsonb_agg(jsonb_build_array(task, type) ORDER BY task)
               FILTER (WHERE task IS NOT NULL) AS tasks
    FROM (
        SELECT id, NULL::bigint AS task, NULL AS type FROM seen
        UNION ALL SELECT candidate_id, id, type FROM chosen
    ) AS everybody
    GROUP BY id
), judged AS (
    SELECT id, CASE WHEN tasks IS NULL THEN %(UNCHANGED)s ELSE %(CHANGED)s END AS result,
           CASE WHEN tasks IS NULL THEN %(nothing)s ELSE '' END AS reason, NULL::jsonb AS facts,
           CASE WHEN tasks IS NULL THEN '{}' ELSE jsonb_build_object('tasks', tasks) END AS before
    FROM of_each
)
"""
