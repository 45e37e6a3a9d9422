"""What agents fill in at the desk. Times are the workspace's."""

import uuid
from datetime import datetime
from typing import Any

from django import forms
from django.db import IntegrityError, transaction
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pipeline.candidates.models import Candidate
from pipeline.foundation import database_clock
from pipeline.foundation.parameters import MomentField
from pipeline.outreach.models import Campaign, Priority
from pipeline.tasks.create import CantCreate, check_campaign, create_task
from pipeline.tasks.models import Disposition, Task
from pipeline.tasks.models.actors import Creator
from pipeline.tasks.models.filled_form import FilledForm
from pipeline.tasks.models.types import KINDS, MANUAL, TaskChannel, TaskType
from pipeline.tasks.reasons import Code, Reason
from pipeline.workspaces.models import User

LONGEST_NOTES = 10_000
_WRITTEN = (
    Disposition.ANSWERED,
    Disposition.NO_ANSWER,
    Disposition.NOT_INTERESTED,
    Disposition.WRONG_NUMBER,
    Disposition.DONE,
)
DISPOSITIONS: dict[TaskChannel, tuple[Disposition, ...]] = {
    TaskChannel.PHONE: (
        Disposition.REACHED,
        Disposition.CALLBACK_AGREED,
        Disposition.NO_ANSWER,
        Disposition.LEFT_VOICEMAIL,
        Disposition.NOT_INTERESTED,
        Disposition.WRONG_NUMBER,
        Disposition.DONE,
    ),
    TaskChannel.SMS: _WRITTEN,
    TaskChannel.EMAIL: _WRITTEN,
    TaskChannel.OTHER: (Disposition.DONE, Disposition.REACHED, Disposition.NO_ANSWER),
}


def notes_field(rows: int = 4) -> forms.CharField:
    area = forms.Textarea(attrs={"rows": rows})
    return forms.CharField(required=False, max_length=LONGEST_NOTES, widget=area)


def in_future(at: datetime | None) -> datetime | None:
    if at and at <= database_clock.now():
        raise forms.ValidationError(_("This time has passed. Choose a time in the future."))
    return at


class KeyedForm(forms.Form):
    """Makes a task once, however often its button is pressed."""

    key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, data: QueryDict | None, user: User, **options: Any) -> None:
        super().__init__(data, **options)
        self.user = user
        self.initial.setdefault("key", uuid.uuid4())

    def clean(self) -> dict[str, Any]:
        if "key" in self.errors:
            raise forms.ValidationError(
                _(
                    "This form has expired, so nothing was created. Reload the page and "
                    "fill it in again."
                )
            )
        return self.cleaned_data

    def create_once(self) -> Task | None:
        """The new task, or the one that the first press made. None, with the reason at the form,
        where it can't be created."""
        try:
            with transaction.atomic():
                task = self.create()
                FilledForm.keep(self.cleaned_data["key"], self.user, task)
                return task
        except (IntegrityError, CantCreate, forms.ValidationError) as error:
            # Also when the first press used up what the second one is refused for.
            if made := FilledForm.task_of(self.cleaned_data["key"], self.user):
                return made
            if isinstance(error, IntegrityError):
                raise
            self.add_error(None, error if isinstance(error, forms.ValidationError) else str(error))
            return None

    def create(self) -> Task:
        raise NotImplementedError


class NewTaskForm(KeyedForm):
    """A task made by hand for `candidate`."""

    type = forms.ChoiceField(
        choices=[
            ("", "Choose a type"),
            ("Assigned to you at once", [(type.value, type.label) for type in MANUAL]),
            (
                "Waits in the queue",
                [(type.value, type.label) for type in TaskType if type not in MANUAL],
            ),
        ],
        help_text=gettext_lazy(
            "Manual tasks are assigned to you at once. Other tasks wait in the queue for any agent."
        ),
    )
    campaign = forms.ModelChoiceField(
        Campaign.objects.none(), required=False, empty_label="No campaign"
    )
    priority = forms.TypedChoiceField(
        choices=[("", "Same as the campaign, or Normal"), *reversed(Priority.choices)],
        coerce=int,
        empty_value=None,
        required=False,
    )
    due_at = MomentField(
        label="Due",
        required=False,
        help_text=gettext_lazy("The deadline. For callbacks and reminders, the earliest time."),
    )
    notes = notes_field()

    def __init__(self, data: QueryDict | None, user: User, candidate: Candidate) -> None:
        super().__init__(data, user)
        self.candidate = candidate
        offer = Campaign.objects.visible_to(user).for_agents()
        self.fields["campaign"].queryset = offer  # type: ignore[attr-defined]

    def clean_due_at(self) -> datetime | None:
        return in_future(self.cleaned_data["due_at"])

    def clean(self) -> dict[str, Any]:
        chosen = super().clean()
        type, campaign = chosen.get("type"), chosen.get("campaign")
        if type and campaign:
            try:
                check_campaign(campaign, TaskType(type), self.candidate.workspace_id)
            except CantCreate as error:
                self.add_error("campaign", str(error))
        is_unset = not chosen.get("due_at") and "due_at" not in self.errors
        if type and KINDS[TaskType(type)].is_timed and is_unset:
            self.add_error("due_at", str(Reason(Code.NEEDS_TIME, {"type": type})))
        return chosen

    def create(self) -> Task:
        chosen = self.cleaned_data
        return create_task(
            self.candidate,
            TaskType(chosen["type"]),
            Creator.person(self.user),
            campaign=chosen["campaign"],
            priority=chosen["priority"],
            due_at=chosen["due_at"],
            notes=chosen["notes"],
        )


class CallbackForm(KeyedForm):
    """A Scheduled Callback for the candidate of `task`, which it may complete in the same go."""

    due_at = MomentField(label="Call back at")
    notes = notes_field(rows=2)
    complete = forms.BooleanField(
        required=False, label=gettext_lazy("Complete this task as “Callback agreed”")
    )

    def __init__(self, data: QueryDict | None, user: User, task: Task) -> None:
        super().__init__(data, user, auto_id="callback_%s", initial={"complete": True})
        self.task = task
        self.fields["due_at"].help_text = f"Time in {user.membership.workspace.tz.key}."

    def clean_due_at(self) -> datetime | None:
        return in_future(self.cleaned_data["due_at"])

    def create(self) -> Task:
        """Raises ValidationError where the task is no longer the user's to complete."""
        callback = create_task(
            self.task.candidate,
            TaskType.SCHEDULED_CALLBACK,
            Creator.person(self.user),
            campaign=self.campaign,
            priority=self.task.priority,
            due_at=self.cleaned_data["due_at"],
            notes=self.cleaned_data["notes"],
        )
        # Afterwards, as everything else locks the candidate before its tasks, too.
        is_last = self.cleaned_data["complete"]
        if is_last and not self.task.complete(self.user, Disposition.CALLBACK_AGREED):
            raise forms.ValidationError(f"No callback was scheduled. {self.task.what_happened}")
        return callback

    @property
    def campaign(self) -> Campaign | None:
        """The task's, if callbacks may come from it."""
        campaign = self.task.campaign
        try:
            if campaign:
                kind = TaskType.SCHEDULED_CALLBACK
                check_campaign(campaign, kind, self.task.workspace_id)
        except CantCreate:
            return None
        return campaign


class CompleteForm(forms.Form):
    disposition = forms.ChoiceField(label="How it went")
    notes = notes_field()

    def __init__(self, data: QueryDict | None, task: Task) -> None:
        super().__init__(data, auto_id="complete_%s", initial={"notes": task.notes})
        self.task = task
        fitting = DISPOSITIONS[task.kind.channel]
        choices = [("", "Choose one"), *((fit.value, fit.label) for fit in fitting)]
        self.fields["disposition"].choices = choices  # type: ignore[attr-defined]
        self.fields["disposition"].error_messages["required"] = _("Choose how the task went.")


class NotesForm(forms.Form):
    notes = notes_field()


class StopForm(forms.Form):
    """Why a task is canceled or released, and how it stood when that was asked."""

    reason = forms.CharField(max_length=1000, widget=forms.Textarea(attrs={"rows": 3}))
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: QueryDict | None, task: Task, needs_reason: bool) -> None:
        super().__init__(data, auto_id="stop_%s", initial={"seen": seen(task)})
        self.task = task
        self.fields["reason"].required = needs_reason
        self.fields["reason"].label = "Reason" if needs_reason else _("Reason (optional)")
        self.fields["reason"].error_messages["required"] = _(
            "Enter a reason. Anyone who looks up this task later will see it."
        )

    @property
    def was_seen(self) -> bool:
        """Whether the task stands as it did when the question was asked."""
        return bool(self.cleaned_data.get("seen") == seen(self.task))


def seen(task: Task) -> str:
    """How the task stands: in the queue, or with whom since when."""
    if not task.is_assigned:
        return task.state
    return f"{task.state}-{task.agent_id}-{task.accepted_at:%Y%m%d%H%M%S%f}"
