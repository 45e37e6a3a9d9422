from datetime import datetime
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.formats import date_format

from pipeline.bulk_actions.models import BulkAction, Chunk
from pipeline.candidates.models import CandidateQuerySet
from pipeline.foundation.parameters import MomentField
from pipeline.foundation.words import clipped
from pipeline.outreach.models import Campaign, CampaignState, Priority
from pipeline.tasks.bulk_sql import canceling, creating
from pipeline.tasks.create import CantCreate, check_campaign
from pipeline.tasks.desk.forms import in_future, notes_field
from pipeline.tasks.made_sql import made_by
from pipeline.tasks.models.actors import Canceler, CancelSource, Creator, Origin
from pipeline.tasks.models.states import State
from pipeline.tasks.models.types import KINDS, TaskType
from pipeline.tasks.new_tasks import NewTasks
from pipeline.tasks.reasons import Code, Reason
from pipeline.tasks.rule_book import ruling

from . import with_tasks
from .base import OptionsForm, Preview, Revert
from .judging import JudgedChange, JudgingOperation


class CreateTasksForm(OptionsForm):
    task_type = forms.ChoiceField(
        label="Type",
        choices=[("", "Choose a type"), *with_tasks.TYPE_CHOICES],
        help_text="Manual types are left out: the agent who makes such a task has it at once.",
    )
    for_campaign = with_tasks.CampaignField(
        label="Campaign (optional)",
        required=False,
        empty_label="No campaign",
        error_messages={
            "invalid_choice": "Choose a campaign of agents' work that is no draft, or none."
        },
    )
    priority = forms.TypedChoiceField(
        choices=[("", "As the campaign, or Normal"), *reversed(Priority.choices)],
        coerce=int,
        empty_value=None,
        required=False,
    )
    due = MomentField(label="Due", required=False)
    notes = notes_field(rows=2)

    def offer(self) -> None:
        field = self.fields["for_campaign"]
        assert isinstance(field, with_tasks.CampaignField)
        field.offer(Campaign.objects.visible_to(self.user).for_agents())
        self.workspace = self.user.membership.workspace
        self.fields["due"].help_text = (
            "By when; for callbacks and reminders, which need it, not before. "
            f"Time in {self.workspace.tz.key}."
        )

    def clean_due(self) -> datetime | None:
        return in_future(self.cleaned_data["due"])

    def clean(self) -> dict[str, Any]:
        chosen: dict[str, Any] = super().clean() or self.cleaned_data
        if not chosen.get("task_type"):
            return chosen
        type, campaign = TaskType(chosen["task_type"]), chosen.get("for_campaign")
        if campaign:
            try:
                check_campaign(campaign, type, self.workspace.pk)
            except CantCreate as error:
                self.add_error("for_campaign", str(error))
        if KINDS[type].is_timed and not chosen.get("due") and "due" not in self.errors:
            self.add_error("due", str(Reason(Code.NEEDS_TIME, {"type": str(type)})))
        return chosen

    def options(self) -> dict[str, Any]:
        campaign, due = self.cleaned_data["for_campaign"], self.cleaned_data["due"]
        return {
            "workspace": self.workspace.pk,
            "type": self.cleaned_data["task_type"],
            "campaign": campaign and campaign.pk,
            "campaign_name": campaign.name if campaign else "",
            "priority": self.cleaned_data["priority"],
            "due": due and due.isoformat(),
            "notes": self.cleaned_data["notes"],
        }

    @classmethod
    def answers(cls, options: dict[str, Any]) -> dict[str, Any]:
        due = timezone.localtime(datetime.fromisoformat(options["due"])) if options["due"] else None
        return {
            "task_type": options["type"],
            "for_campaign": options["campaign"],
            "priority": options["priority"],
            "due": due and f"{due:%Y-%m-%dT%H:%M}",
            "notes": options["notes"],
        }


class CreateTasks(JudgingOperation):
    """Put a task about each candidate into the agents' queue.

    Who has no number or address for it, has opted out of it or has enough tasks of the type gets
    none. Undo cancels those that nobody has accepted yet.
    """

    key = "create_tasks"
    label = "Create tasks"
    changes = ()
    command = "Create tasks for"
    form = CreateTasksForm
    verb = "given a task"
    on_cancel = "Their tasks stay in the queue; Undo takes them back."
    can_undo = True
    locks_first = True

    @property
    def type(self) -> TaskType:
        return TaskType(self.options["type"])

    @property
    def title(self) -> str:
        campaign = self.options["campaign_name"]
        title = f"Create tasks: {self.type.label}"
        return f"{title}, {campaign}" if campaign else title

    @property
    def details(self) -> str:
        parts = []
        if self.options["priority"]:
            parts.append(f"Priority: {Priority(self.options['priority']).label}.")
        if due := self.new_tasks.due_at:
            parts.append(f"Due {date_format(timezone.localtime(due), 'j M Y, H:i')}.")
        if notes := self.options["notes"]:
            parts.append(f"Notes: {clipped(notes, 300)}")
        return " ".join(parts)

    @property
    def new_tasks(self) -> NewTasks:
        due = self.options["due"]
        return NewTasks(
            workspace_id=self.options["workspace"],
            type=self.type,
            campaign_id=self.options["campaign"],
            campaign_name=self.options["campaign_name"],
            priority=self.options["priority"],
            due_at=datetime.fromisoformat(due) if due else None,
            notes=self.options["notes"],
        )

    def change(self) -> JudgedChange:
        origin = Origin.CAMPAIGN if self.options["campaign"] else Origin.BULK_ACTION
        creator = Creator(name="", origin=origin).fields
        new = self.new_tasks
        rules, params = ruling(new, "seen")
        making, values = creating(
            new,
            "judged AS person, starter WHERE person.result = %(CHANGED)s",
            creator,
            with_tasks.by_starter("created"),
        )
        return JudgedChange(
            judging=f"{rules}, {JUDGED}",
            changing=f"{with_tasks.STARTER}, {making}",
            params=params | values,
            columns=("email", "phone"),
        )

    def preview(self, candidates: CandidateQuerySet) -> Preview:
        preview = super().preview(candidates)
        campaign = Campaign.objects.filter(pk=self.options["campaign"]).first()
        if campaign and campaign.state == CampaignState.PAUSED:
            preview.notes.append(
                f"{campaign} is paused: its tasks wait, and nobody is given one until it goes on."
            )
        return preview

    def after_write(self, action: BulkAction, chunk: Chunk) -> None:
        with_tasks.announce_created(action, chunk)

    def revert(self) -> Revert:
        changing, params = canceling(
            "fit, starter",
            "fit.task",
            Canceler(name="", source=CancelSource.BULK_ACTION).fields,
            with_tasks.by_starter("canceled"),
            reason=Reason(Code.UNDONE, {"title": self.title}),
        )
        return Revert(
            judging=FOUND,
            changing=f"{with_tasks.STARTER}, {changing}",
            params=params | STATES,
            cancels_tasks=True,
        )

    def describe_before(self, befores: list[dict[str, Any]]) -> list[str]:
        return [""] * len(befores)


JUDGED = """
judged AS (
    SELECT ruled.*, CASE WHEN problem = '' THEN %(CHANGED)s ELSE %(FAILED)s END AS result,
           problem AS reason, %(rule_facts)s::jsonb -> problem AS facts, '{}'::jsonb AS before
    FROM ruled
)
"""

# The task itself says who was faster, so `changed` stays NULL. There is one for each candidate, as
# an action has one outcome for each.
FOUND = f"""
found AS (
    SELECT touched.id, task.id AS task, NULL::text AS changed,
           CASE
               WHEN task.id IS NULL THEN %(TASK_GONE)s
               WHEN task.state = %(in_queue)s THEN ''
               WHEN task.state = %(assigned)s THEN %(TASK_ACCEPTED)s
               WHEN task.state = %(completed)s THEN %(TASK_COMPLETED)s
               WHEN undoing.id IS NOT NULL THEN %(ALREADY_UNDONE)s
               ELSE %(TASK_CANCELED)s
           END AS reason,
           CASE
               WHEN task.state = %(in_queue)s THEN NULL
               WHEN task.state = %(assigned)s THEN jsonb_build_object(
                   'by', task.agent_name, 'at', date_trunc('minute', task.accepted_at))
               WHEN task.state = %(completed)s THEN jsonb_build_object(
                   'by', task.agent_name, 'at', date_trunc('minute', task.ended_at))
               WHEN task.state = %(canceled)s THEN jsonb_strip_nulls(jsonb_build_object(
                   'by', task.canceled_by_name, 'at', date_trunc('minute', task.ended_at),
                   'journey', task.canceled_by_journey_id,
                   'version', task.canceled_by_journey_version))
           END AS facts,
           '{{}}'::jsonb AS before
    FROM touched
    LEFT JOIN LATERAL {made_by("%(undone)s", "touched.id")} AS task ON true
    LEFT JOIN bulk_actions_bulkaction AS undoing
      ON undoing.id = task.canceled_by_bulk_action_id
     AND undoing.follows_id = %(undone)s AND undoing.follow_up = %(undo)s
)
"""  # noqa: S608
STATES = {state.value: state.value for state in State}
