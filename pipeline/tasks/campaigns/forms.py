from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext as _

from pipeline.foundation.first_come import is_name_taken, save_first
from pipeline.foundation.names import tidy
from pipeline.outreach.models import Campaign
from pipeline.workspaces.models import User

TAKEN = "There is already a campaign called “{name}”. Choose another name."
FIXED = ("channel", "work")  # what a campaign is, once it can have tasks


class CampaignForm(forms.ModelForm[Campaign]):
    """A campaign's name and priority and, while it is a draft, what it is.

    No way leads back to a draft, and a draft has no tasks: so no task can find itself in a
    campaign that it does not fit.
    """

    class Meta:
        model = Campaign
        fields = ("name", "channel", "work", "priority")
        help_texts: ClassVar = {
            "name": "Agents see this name next to each task.",
            "work": (
                "Agent work: tasks wait in the queue for an agent. Automated: messages "
                "are sent automatically, so there are no tasks."
            ),
            "priority": (
                "The priority of new tasks in this campaign. Tasks with a higher "
                "priority come first."
            ),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in FIXED if not self.instance.is_draft else ():
            self.fields[name].required = False

    def clean_name(self) -> str:
        name = tidy(self.cleaned_data["name"])
        others = Campaign.objects.filter(workspace=self.instance.workspace_id)
        if is_name_taken(others, name, self.instance.pk):
            raise forms.ValidationError(TAKEN.format(name=name))
        return name

    def clean_channel(self) -> str:
        return self.unless_fixed("channel")

    def clean_work(self) -> str:
        return self.unless_fixed("work")

    def unless_fixed(self, name: str) -> str:
        wanted, now = self.cleaned_data[name], getattr(self.instance, name)
        if self.instance.is_draft or wanted in ("", now):
            return str(wanted or now)
        raise forms.ValidationError(
            _(
                "This can’t be changed any more: %(instance)s is %(state)s "
                "and may have tasks. Create a new campaign instead."
            )
            % {"instance": self.instance, "state": self.instance.get_state_display()}
        )

    def keep(self, by: User) -> bool:
        """Save with a line in the audit. False, with the reason at `name`, if that was taken.

        To be called in a transaction; one that changes a campaign has it locked.
        """
        data, is_new = self.cleaned_data, self.instance.pk is None

        def save() -> bool:
            if is_new:
                self.instance = Campaign.objects.launch(self.instance.workspace, **data)
            else:
                self.instance.save(update_fields=list(data))
            return True

        if not save_first(self, save, self.instance.workspace_id):
            return False
        if is_new:
            self.instance.record(by, "added")
        elif changes := self.changes():
            self.instance.record(by, "changed", f": {changes}")
        return True

    def changes(self) -> str:
        """What differs from before, as "priority from Normal to High"."""
        return "; ".join(
            f"{self[name].label.lower()} from {self.shown(name, self.initial[name])}"
            f" to {self.shown(name, value)}"
            for name, value in self.cleaned_data.items()
            if value != self.initial[name]
        )

    def shown(self, name: str, value: Any) -> str:
        choices: dict[Any, Any] = dict(getattr(self.fields[name], "choices", ()))
        return str(choices.get(value, value))
