from typing import Any, ClassVar

from django import forms
from django.db import transaction
from django.forms.boundfield import BoundWidget
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from pipeline.candidates.models import Opening
from pipeline.foundation.counts import MOST, Number
from pipeline.foundation.words import counted
from pipeline.tasks.models.rules import AgentSkills, TaskRules
from pipeline.tasks.models.types import TaskChannel, TaskType, types_of
from pipeline.tasks.timeouts import count_overdue
from pipeline.workspaces.models import User
from pipeline.workspaces.models.audit import record


class RulesForm(forms.ModelForm[TaskRules]):
    """A shorter time cancels what already waits for longer: that takes a second, explicit yes."""

    agreed = forms.BooleanField(required=False)

    class Meta:
        model = TaskRules
        fields = ("cancel_after_days", "most_waiting")
        labels: ClassVar = {
            "cancel_after_days": "Days until a waiting task is canceled",
            "most_waiting": "Max. waiting tasks per type and candidate",
        }
        help_texts: ClassVar = {
            "cancel_after_days": (
                "1 to 3,650. A task that no one accepts within this time is canceled "
                "with the source Timeout. The time runs from when the task entered the "
                "queue or was released; for scheduled callbacks and reminders, from when "
                "they are due."
            ),
            "most_waiting": (
                "1 to 1,000. This limit stops loops: further tasks of that type for the "
                "candidate are refused. Tasks that are already waiting stay."
            ),
        }

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if self.too_old and not data["agreed"]:
            self.add_error(None, _("Your changes are not saved yet."))
        return data

    @cached_property
    def too_old(self) -> int:
        """How many tasks a shorter time would cancel at once; at most one more than is counted."""
        days, before = self.cleaned_data.get("cancel_after_days"), self.initial["cancel_after_days"]
        if days is None or days >= before:
            return 0
        return count_overdue(self.instance.workspace_id, days, MOST + 1)

    @property
    def too_old_in_words(self) -> str:
        return counted(Number(self.too_old), "task")

    def keep(self, by: User) -> None:
        """Save what was changed, with a line in the audit. To be called in a transaction."""
        changed = [name for name in self.changed_data if name != "agreed"]
        if not changed:
            return
        self.instance.save(update_fields=changed if self.instance.pk else None)
        changes = "; ".join(
            f"{self[name].label.lower()} from {self.initial[name]} to {self.cleaned_data[name]}"
            for name in changed
        )
        record(self.instance.workspace, by, "changed the task settings", changes)


class SkillsForm(forms.ModelForm[AgentSkills]):
    """What a member is handed by *Next task*; nothing chosen means all."""

    types = forms.MultipleChoiceField(
        choices=TaskType.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = AgentSkills
        fields = ("types", "openings")
        widgets: ClassVar = {"openings": forms.CheckboxSelectMultiple}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        member = self.instance.membership
        field = self.fields["openings"]
        assert isinstance(field, forms.ModelMultipleChoiceField)
        field.queryset = Opening.objects.visible_to(member.user).order_by("name")

    @property
    def groups(self) -> list[tuple[str, list[BoundWidget]]]:
        """The boxes of the types, by channel."""
        boxes = {box.data["value"]: box for box in self["types"]}
        return [
            (str(channel.label), [boxes[type] for type in types_of(channel)])
            for channel in TaskChannel
        ]

    @transaction.atomic
    def keep(self, by: User) -> None:
        """Save what was changed, with a line in the audit that says what it now is."""
        if not self.has_changed():
            return
        member = self.instance.membership
        AgentSkills.objects.get_or_create(membership=member)  # then two savings wait for each other
        self.instance = AgentSkills.objects.select_for_update().get(membership=member)
        self.instance.types = self.cleaned_data["types"]
        self.instance.save(update_fields=["types"])
        self.instance.openings.set(self.cleaned_data["openings"])
        subject = f"{member.user}: {in_words(self.instance)}"
        record(member.workspace, by, "changed the skills of", subject)


def in_words(skills: AgentSkills) -> str:
    """ "Inbound Call, Voicemail; all openings"."""
    types = ", ".join(TaskType(type).label for type in skills.types)
    openings = ", ".join(opening.name for opening in skills.openings.order_by("name"))
    return f"{types or 'all types'}; {openings or 'all openings'}"
