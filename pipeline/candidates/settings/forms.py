"""One form for all that has a name: an opening, a folder, a label, a reject reason."""

from typing import Any

from django import forms
from django.db import transaction
from django.db.models import QuerySet
from django.http import QueryDict

from pipeline.foundation.first_come import is_name_taken, save_first
from pipeline.foundation.names import tidy
from pipeline.workspaces.models import User
from pipeline.workspaces.models.audit import record


class NameForm(forms.Form):
    """Adds or renames `instance`, whose name has to be free among `siblings`, however it is
    spelled.

    `place` says in the audit where it is, if that is not clear from the name.
    """

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        instance: Any,
        siblings: QuerySet[Any],
        place: str = "",
    ) -> None:
        self.instance, self.siblings, self.place = instance, siblings, place
        self.noun = str(instance._meta.verbose_name)
        initial = {"name": instance.name}
        super().__init__(data, initial=initial, auto_id=f"id_{instance.pk or 'new'}_%s")
        self.fields["name"] = forms.CharField(
            max_length=instance._meta.get_field("name").max_length,
            label=f"Name of {instance.name}" if instance.pk else f"New {self.noun}",
        )

    def clean_name(self) -> str:
        name = tidy(str(self.cleaned_data["name"]))
        if not name:
            raise forms.ValidationError("Write a name that can be seen.")
        if is_name_taken(self.siblings, name, self.instance.pk):
            raise forms.ValidationError(f"There is a {self.noun} “{name}” already.")
        return name

    @transaction.atomic
    def save(self, by: User) -> bool:
        """Save what is valid. False, with the error, when somebody else took the name meanwhile."""
        verb = "renamed" if self.instance.pk else "added"
        before, self.instance.name = self.instance.name, self.cleaned_data["name"]
        if not save_first(self, self.save_instance, by.membership.workspace_id):
            return False
        if before != self.instance.name:
            subject = f"{before} to {self.instance.name}" if before else self.instance.name
            subject += f" ({self.place})" if self.place else ""
            record(by.membership.workspace, by, f"{verb} the {self.noun}", subject)
        return True

    def save_instance(self) -> bool:
        self.instance.save()
        return True
