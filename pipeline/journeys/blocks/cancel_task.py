from collections import Counter, defaultdict
from typing import Any, ClassVar

from django import forms
from django.db.models import Count
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pipeline.candidates.models import Candidate
from pipeline.foundation.words import counted
from pipeline.journeys.reasons import Code, Reason, because
from pipeline.journeys.writing.batch import Batch
from pipeline.outreach.models import Campaign
from pipeline.tasks import reasons as task_reasons
from pipeline.tasks.models import Task
from pipeline.tasks.models.actors import Canceler
from pipeline.tasks.models.querysets import TaskQuerySet
from pipeline.tasks.models.scopes import AllTasks, OfCampaign, OfTypes, Scope
from pipeline.tasks.models.types import QUEUED, TaskType
from pipeline.workspaces.models import User, Workspace

from .base import Block, BlockForm, Rehearsal, chosen, gone, row_of, text_in

ALL, TYPE, CAMPAIGN = "all", "type", "campaign"
SPARINGLY = (
    "All Tasks cancels every task that waits for the candidate, including inbound "
    "calls and messages. Use it sparingly, for example when a number is blocked."
)


class CancelTaskForm(BlockForm):
    only_with: ClassVar = {"types": ("scope", TYPE), "campaign": ("scope", CAMPAIGN)}

    scope = forms.ChoiceField(
        choices=[(TYPE, "Task Type"), (CAMPAIGN, "Campaign"), (ALL, "All Tasks")],
        widget=forms.RadioSelect,
        initial=TYPE,
        label=gettext_lazy("Waiting tasks to cancel"),
    )
    types = forms.MultipleChoiceField(
        choices=[
            (type.value, f"{type.label} (created by journeys)")
            if type == TaskType.OUTBOUND_SMS
            else (type.value, type.label)
            for type in QUEUED
        ],
        widget=forms.CheckboxSelectMultiple,
        required=False,
        label="Task types",
        help_text=(
            gettext_lazy(
                "Manual types are not listed, because these tasks are assigned to the "
                "agent who creates them and never wait."
            )
        ),
    )
    campaign = forms.ModelChoiceField(
        Campaign.objects.none(),
        required=False,
        empty_label="Choose a campaign",
        help_text=gettext_lazy("For an SMS campaign: the Agent SMS tasks that journeys created."),
    )
    reason = forms.CharField(
        max_length=500,
        required=False,
        help_text=gettext_lazy("If empty, we note the journey and block."),
    )

    def offer(self) -> None:
        field = self.fields["campaign"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Campaign.objects.filter(workspace=self.workspace)

    def clean(self) -> dict[str, Any]:
        answers: dict[str, Any] = super().clean() or self.cleaned_data
        scope = answers.get("scope")
        if scope == TYPE and not answers.get("types") and "types" not in self.errors:
            self.add_error("types", "Choose at least one task type.")
        if scope == CAMPAIGN and not answers.get("campaign") and "campaign" not in self.errors:
            self.add_error("campaign", "Choose the campaign.")
        return answers

    def options(self) -> dict[str, Any]:
        return self.cleaned_data | chosen("campaign", self.cleaned_data["campaign"])


class CancelTask(Block):
    """Takes back tasks that no agent has accepted yet."""

    key = "cancel_task"
    label = "Cancel Task"
    about = "Cancel tasks that no agent has accepted yet."
    form = CancelTaskForm

    @property
    def summary(self) -> str:
        scope = self.options.get("scope")
        if scope == ALL:
            return "All Tasks"
        if scope == CAMPAIGN:
            return f"campaign {text_in(self.options, 'campaign_name') or 'not chosen'}"
        return ", ".join(type.label for type in self.types) or "no task type chosen"

    @property
    def types(self) -> list[TaskType]:
        """Those of the options that can be read."""
        listed = self.options.get("types")
        return [type for type in TaskType if isinstance(listed, list) and type in listed]

    def problems(self, workspace: Workspace) -> list[str]:
        try:
            self.scope_in(workspace.pk)
        except ValueError as reason:
            return [reason.args[0]]
        return []

    def warnings(self) -> list[str]:
        return [SPARINGLY] if self.options.get("scope") == ALL else []

    def scope_in(self, workspace_id: int) -> Scope:
        """Raises ValueError, with the sentence, where something is not chosen or is gone."""
        scope = self.options.get("scope")
        if scope == ALL:
            return AllTasks()
        if scope == TYPE:
            listed = self.options.get("types")
            if listed and (not isinstance(listed, list) or len(self.types) != len(listed)):
                raise ValueError("One of the task types no longer exists. Choose again.")
            return OfTypes(self.types)
        if scope != CAMPAIGN:
            raise ValueError("Choose which waiting tasks to cancel.")
        if not self.options.get("campaign"):
            raise ValueError("No campaign is chosen.")
        campaigns = Campaign.objects.filter(workspace=workspace_id)
        campaign = row_of(campaigns, self.options["campaign"])
        if campaign is None:
            raise ValueError(gone("campaign", text_in(self.options, "campaign_name")))
        return OfCampaign(campaign)

    def preview(self, workspace: Workspace, user: User) -> str:
        """ "Would cancel 37 waiting tasks of 30 candidates now: 31 Outbound Call, 6 …" """
        try:
            scope = self.scope_in(workspace.pk)
        except ValueError:
            return ""
        waiting = Task.objects.visible_to(user).cancelable().filter(scope.q)
        found = waiting.order_by().aggregate(
            tasks=Count("pk"), people=Count("candidate", distinct=True)
        )
        if not found["tasks"]:
            return _("Would cancel nothing now: there are no such waiting tasks.")
        by_type = waiting.order_by().values_list("type").annotate(number=Count("pk"))
        kinds = ", ".join(
            f"{number:,} {TaskType(type).label}" for type, number in by_type.order_by("-number")
        )
        tasks = counted(found["tasks"], "waiting task")
        people = counted(found["people"], "candidate")
        return f"Would cancel {tasks} of {people} now: {kinds}."

    def execute(self, batch: Batch) -> None:
        if self.fail_if_misconfigured(batch):
            return
        scope = self.scope_in(batch.workspace_id)
        canceled: dict[int, list[Task]] = defaultdict(list)
        spared: dict[int, list[Task]] = defaultdict(list)
        tasks = tasks_of(batch.workspace_id, batch.candidates)
        by = Canceler.journey(batch.version.at(batch.label))
        runs = {run.candidate_id: run.pk for run in batch}
        ids = tasks.cancelable().cancel(scope, by, self.reason_in(batch), runs)
        for task in Task.objects.filter(pk__in=ids).only("type", "candidate_id"):
            canceled[task.candidate_id].append(task)
        for task in tasks.assigned().filter(scope.q).only("type", "candidate_id", "agent_name"):
            spared[task.candidate_id].append(task)
        for run in batch:
            of_run, kept = canceled[run.candidate_id], spared[run.candidate_id]
            batch.go_on(
                run,
                outcome(of_run, kept),
                canceled=[task.pk for task in of_run],
                spared=[task.pk for task in kept],
            )

    def reason_in(self, batch: Batch) -> str | task_reasons.Reason:
        journey = batch.version.journey
        facts = {"journey": journey.pk, "name": journey.name, "block": batch.label}
        return text_in(self.options, "reason") or task_reasons.Reason(
            task_reasons.Code.JOURNEY_BLOCK, facts
        )

    def rehearse(self, candidate: Candidate) -> Rehearsal:
        try:
            scope = self.scope_in(candidate.workspace_id)
        except ValueError as reason:
            return Rehearsal(f"The run would fail: {reason}", way="")
        tasks = Task.objects.for_candidate(candidate).filter(scope.q)
        done = outcome(list(tasks.cancelable()), list(tasks.assigned()))
        return Rehearsal(f"Would do: {done}")


def tasks_of(workspace_id: int, candidates: list[int]) -> TaskQuerySet:
    return Task.objects.filter(workspace=workspace_id).for_candidates(candidates)


def outcome(canceled: list[Task], spared: list[Task]) -> Reason:
    agents = {"agents": sorted({task.agent_name for task in spared})} if spared else {}
    return because(
        Code.TASKS_CANCELED, canceled=types_of(canceled), spared=types_of(spared), **agents
    )


def types_of(tasks: list[Task]) -> dict[str, int]:
    return dict(Counter(str(task.type) for task in tasks))
