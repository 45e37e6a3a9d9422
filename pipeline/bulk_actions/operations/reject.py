from typing import Any

from django import forms

from pipeline.candidates.models import FolderKind, RejectReason

from .base import OptionsForm, Revert
from .judging import Change
from .moving_back import moving_back
from .stages import ToStage


class RejectForm(OptionsForm):
    reasons = forms.ModelMultipleChoiceField(
        RejectReason.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        help_text="Kept on the profile, for your team alone. Never sent to anybody.",
        error_messages={"required": "Choose at least one reason."},
    )

    def offer(self) -> None:
        field = self.fields["reasons"]
        assert isinstance(field, forms.ModelMultipleChoiceField)
        field.queryset = RejectReason.objects.visible_to(self.user)
        if not field.queryset.exists():
            field.help_text = "There are no reasons yet: an Owner can add some in the settings."

    def options(self) -> dict[str, Any]:
        return {
            "reasons": [
                {"id": reason.pk, "name": reason.name} for reason in self.cleaned_data["reasons"]
            ]
        }

    @classmethod
    def answers(cls, options: dict[str, Any]) -> dict[str, Any]:
        return {"reasons": [reason["id"] for reason in options["reasons"]]}


class Reject(ToStage):
    """The reasons are kept by name, so that a profile stays readable whatever becomes of them."""

    key = "reject"
    label = command = "Reject"
    form = RejectForm
    kind, whom = FolderKind.REJECTED, "rejected"
    verb = "rejected"
    already = "Already rejected for the same reasons."
    is_frequent = True
    same = """(seen.folder_id = target.id AND seen.reject_reasons @> %(reasons)s::varchar[]
                  AND seen.reject_reasons <@ %(reasons)s::varchar[])"""
    sets = "folder_id = judged.to_folder, reject_reasons = %(reasons)s"
    kept = ", 'reject_reasons', seen.reject_reasons"
    columns = ("reject_reasons",)

    @property
    def reasons(self) -> list[str]:
        return [reason["name"] for reason in self.options["reasons"]]

    @property
    def details(self) -> str:
        return f"Reasons, never sent: {', '.join(self.reasons)}."

    def change(self) -> Change:
        change = super().change()
        change.params["reasons"] = self.reasons
        return change

    def revert(self) -> Revert:
        return moving_back(reasons=self.reasons)
