from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pipeline.candidates.models import Candidate
from pipeline.foundation import database_clock
from pipeline.journeys.reasons import Code, Reason, Sentence, because, fact_of
from pipeline.journeys.writing.batch import Batch
from pipeline.outreach.models import Campaign, Priority
from pipeline.tasks import reasons as tasks
from pipeline.tasks.create import CantCreate, check_campaign, create_tasks
from pipeline.tasks.models.actors import Creator
from pipeline.tasks.models.types import QUEUED, TIMED, TaskType
from pipeline.tasks.new_tasks import NewTasks
from pipeline.tasks.rule_book import LACKS, problem_with
from pipeline.workspaces.models import Workspace

from .base import Block, BlockForm, Rehearsal, chosen, row_of, text_in

UNITS = {"minutes": "minutes", "hours": "hours", "days": "days"}
MOST_DUE = 10_000


class CreateTaskForm(BlockForm):
    type = forms.ChoiceField(
        choices=[(type.value, type.label) for type in QUEUED],
        help_text=gettext_lazy(
            "Manual types are not listed, because these tasks are assigned to the agent "
            "who creates them."
        ),
    )
    campaign = forms.ModelChoiceField(
        Campaign.objects.none(), required=False, empty_label="No campaign"
    )
    priority = forms.TypedChoiceField(
        choices=[("", "Same as the campaign, or Normal"), *Priority.choices],
        coerce=int,
        empty_value=None,
        required=False,
    )
    due_in = forms.IntegerField(
        min_value=0,
        max_value=MOST_DUE,
        required=False,
        label="Due after",
        help_text=gettext_lazy("Leave empty for no due time."),
    )
    due_unit = forms.ChoiceField(choices=list(UNITS.items()), label="Unit", initial="hours")
    notes = forms.CharField(
        max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )

    def offer(self) -> None:
        field = self.fields["campaign"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Campaign.objects.for_agents().filter(workspace=self.workspace)

    def clean(self) -> dict[str, Any]:
        answers: dict[str, Any] = super().clean() or self.cleaned_data
        type, campaign = answers.get("type"), answers.get("campaign")
        if type in TIMED and answers.get("due_in") is None:
            self.add_error("due_in", str(needs_time(type)))
        if type and campaign:
            try:
                check_campaign(campaign, TaskType(type), self.workspace.pk)
            except CantCreate as reason:
                self.add_error("campaign", str(reason))
        return answers

    def options(self) -> dict[str, Any]:
        return self.cleaned_data | chosen("campaign", self.cleaned_data["campaign"])


class CreateTask(Block):
    """Puts a task about the candidate into the agents' queue."""

    key = "create_task"
    label = "Create Task"
    about = "Add a task for the candidate to the agents' queue."
    form = CreateTaskForm

    @property
    def type(self) -> TaskType:
        """To be asked once `problems` has nothing to say."""
        return TaskType(self.options["type"])

    @property
    def summary(self) -> str:
        if self.options.get("type") not in QUEUED:
            return "No task type chosen"
        name = text_in(self.options, "campaign_name")
        return f"{self.type.label} of {name}" if name else self.type.label

    def problems(self, workspace: Workspace) -> list[str]:
        if self.options.get("type") not in QUEUED:
            return ["No task type is chosen."]
        due_in, unit = self.options.get("due_in"), self.options.get("due_unit") or "hours"
        if self.type in TIMED and due_in is None:
            return [Sentence(needs_time(self.options["type"]))]
        if due_in is not None and not (type(due_in) is int and 0 <= due_in <= MOST_DUE):
            return [f"The due time must be a whole number from 0 to {MOST_DUE:,}."]
        if unit not in list(UNITS):
            return [_("Choose whether the due time is in minutes, hours or days.")]
        if self.options.get("priority") not in (None, *Priority.values):
            return ["This priority no longer exists. Choose again."]
        try:
            self.campaign_of(workspace.pk)
        except CantCreate as error:
            return [Sentence(of_tasks(error.reason))]
        return []

    def campaign_of(self, workspace_id: int) -> Campaign | None:
        """Raises CantCreate where it is gone or no longer fits."""
        if not self.options.get("campaign"):
            return None
        campaigns = Campaign.objects.filter(workspace=workspace_id)
        campaign = row_of(campaigns, self.options["campaign"])
        if campaign is None:
            name = text_in(self.options, "campaign_name")
            raise CantCreate(tasks.Reason(tasks.Code.CAMPAIGN_GONE, {"campaign": name}))
        check_campaign(campaign, self.type, workspace_id)
        return campaign

    def due_at(self, now: datetime) -> datetime | None:
        number, unit = self.options.get("due_in"), self.options.get("due_unit") or "hours"
        return None if number is None else now + timedelta(**{UNITS[unit]: number})

    def execute(self, batch: Batch) -> None:
        if self.fail_if_misconfigured(batch):
            return
        new = self.new_tasks(batch.workspace_id, batch.now)
        made = create_tasks(
            new,
            Creator.journey(batch.version.at(batch.label)),
            {run.candidate_id: run.pk for run in batch},
        )
        for run in batch:
            task, problem = made[run.candidate_id]
            if task:
                made_it = because(Code.TASK_CREATED, task=task, what=self.summary)
                batch.go_on(run, made_it, task=task)
            elif problem and problem.code in LACKS:
                batch.go_on(run, because(Code.TASK_REFUSED, problem=fact_of(problem)))
            elif problem:
                batch.fail(run, of_tasks(problem))

    def new_tasks(self, workspace_id: int, now: datetime) -> NewTasks:
        return NewTasks(
            workspace_id,
            self.type,
            campaign_id=self.options.get("campaign") or None,
            campaign_name=text_in(self.options, "campaign_name"),
            priority=self.options.get("priority"),
            due_at=self.due_at(now),
            notes=text_in(self.options, "notes"),
        )

    def rehearse(self, candidate: Candidate) -> Rehearsal:
        if problems := self.problems(candidate.workspace):
            return Rehearsal(f"The run would fail: {problems[0]}", way="")
        new = self.new_tasks(candidate.workspace_id, database_clock.now())
        problem = problem_with(new, candidate.pk)
        if problem and problem.code in LACKS:
            return Rehearsal(f"No task would be created. {problem}")
        if problem:
            return Rehearsal(f"The run would fail: {problem}", way="")
        return Rehearsal(f"Would create a task: {self.summary}")


def of_tasks(reason: tasks.Reason) -> Reason:
    """A reason of the tasks' as one of a run."""
    return Reason(str(reason.code), dict(reason.facts))


def needs_time(type: str) -> Reason:
    return of_tasks(tasks.Reason(tasks.Code.NEEDS_TIME, {"type": type}))
