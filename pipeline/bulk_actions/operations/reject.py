from typing import Any

from django import forms

from pipeline.bulk_actions.writing.left_out import IncludeField, decided
from pipeline.candidates.models import Candidate, CandidateQuerySet, FolderKind, RejectReason
from pipeline.outreach.drafts import Draft
from pipeline.outreach.models import Channel, MessageTemplate

from . import message_text
from .base import OptionsForm, Preview, Revert, Sample
from .drafts import SendingOperation
from .judging import JudgedChange
from .restore_folder import moving_back
from .send_message import TemplateField, text_of
from .stages import ToStage


class RejectForm(OptionsForm):
    reasons = forms.ModelMultipleChoiceField(
        RejectReason.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        help_text="Kept on the profile, for your team alone. Never sent to anybody.",
        error_messages={"required": "Choose at least one reason."},
    )
    message = TemplateField(
        required=False,
        label="Message (optional)",
        empty_label="No message",
        help_text="Candidates we can't message are skipped and listed with the reason.",
    )

    include_decided = IncludeField()

    def offer(self) -> None:
        message = self.fields["message"]
        assert isinstance(message, TemplateField)
        message.offer(MessageTemplate.objects.visible_to(self.user))
        field = self.fields["reasons"]
        assert isinstance(field, forms.ModelMultipleChoiceField)
        field.queryset = RejectReason.objects.visible_to(self.user)
        if not field.queryset.exists():
            field.help_text = "There are no reasons yet: an Owner can add some in the settings."

    def options(self) -> dict[str, Any]:
        template = self.cleaned_data["message"]
        return {
            "reasons": [
                {"id": reason.pk, "name": reason.name} for reason in self.cleaned_data["reasons"]
            ],
            "message": text_of(template) if template else None,
            "include_decided": self.cleaned_data["include_decided"],
        }

    @classmethod
    def answers(cls, options: dict[str, Any]) -> dict[str, Any]:
        message = options.get("message") or {}
        return {
            "reasons": [reason["id"] for reason in options["reasons"]],
            "message": message.get("template"),
            "include_decided": options.get("include_decided", False),
        }


class Reject(ToStage, SendingOperation):
    """The reasons are kept by name, so that a profile stays readable whatever becomes of them.

    With a message, candidates are rejected one by one, as it is sent to each.
    """

    key = "reject"
    label = command = "Reject"
    form = RejectForm
    kind = FolderKind.REJECTED
    verb = "rejected"
    already = "Already rejected for the same reasons."
    is_frequent = True
    same = """(seen.folder_id = target.id AND seen.reject_reasons @> %(reasons)s::varchar[]
                  AND seen.reject_reasons <@ %(reasons)s::varchar[])"""
    sets = {"reject_reasons": "%(reasons)s"}  # noqa: RUF012
    kept = ", 'reject_reasons', seen.reject_reasons"
    columns = ("reject_reasons",)
    changes_candidates = True

    @property
    def reasons(self) -> list[str]:
        return [reason["name"] for reason in self.options["reasons"]]

    @property
    def details(self) -> str:
        reasons = f"Reasons, never sent: {', '.join(self.reasons)}."
        return f"{reasons} Message: {self.text['template_name']}." if self.is_sending else reasons

    def change(self) -> JudgedChange:
        change = super().change()
        change.params["reasons"] = self.reasons
        return change

    def revert(self) -> Revert:
        return moving_back(reasons=self.reasons)

    @property
    def text(self) -> message_text.Text:
        return self.options.get("message") or {}

    @property
    def is_sending(self) -> bool:
        return bool(self.text)

    @property
    def channel(self) -> Channel:
        return Channel(self.text["channel"])

    def draft(self, candidate: Candidate) -> Draft:
        return message_text.draft_from(self.text, candidate)

    def preview(self, candidates: CandidateQuerySet) -> Preview:
        if not self.is_sending:
            return super().preview(candidates)
        rest = candidates.exclude(folder__kind__in=self.left_out)
        left_out = super().preview(candidates.filter(folder__kind__in=self.left_out)).skips
        judged = super().preview(message_text.ready_for(self.text, rest)).skips
        preview = Preview(
            candidates.count(),
            [*message_text.skips_of(self.text, rest), *judged, *left_out],
            decided=decided(candidates, self.options, self.kind),
        )
        return message_text.within_limit(self.text, preview)

    def samples(self, candidates: CandidateQuerySet) -> list[Sample]:
        return message_text.samples_of(self.text, candidates) if self.is_sending else []
