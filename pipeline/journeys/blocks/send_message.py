from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy

from pipeline.candidates.models import Candidate
from pipeline.journeys.models import RunState
from pipeline.journeys.reasons import Code, reason_of
from pipeline.journeys.writing.batch import Batch, Result
from pipeline.journeys.writing.message_lock import NOT_SENT, SENT, conclude
from pipeline.journeys.writing.messages import Sending
from pipeline.outreach import limits
from pipeline.outreach.drafts import draft_of, refuse_opted_out
from pipeline.outreach.models import Channel, MessageTemplate
from pipeline.outreach.placeholders import BadTemplate
from pipeline.outreach.reasons import CantSend
from pipeline.workspaces.models import User, Workspace

from .base import Block, BlockForm, Rehearsal, gone, row_of, text_in


class SendMessageForm(BlockForm):
    channel: ClassVar[Channel]

    template = forms.ModelChoiceField(
        MessageTemplate.objects.none(), empty_label="Choose a template"
    )
    not_sent_way = forms.BooleanField(
        required=False,
        label=gettext_lazy("Separate path for candidates who get no message"),
        help_text=(
            gettext_lazy(
                "For candidates who have opted out, have no address or lack a value that "
                "the text needs. If off, they continue like the others, and the log says "
                "why nothing was sent."
            )
        ),
    )

    def offer(self) -> None:
        field = self.fields["template"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = templates_of(self.workspace, self.channel)

    def options(self) -> dict[str, Any]:
        template = self.cleaned_data["template"]
        return {
            "template": template.pk,
            "template_name": template.name,
            "not_sent_way": self.cleaned_data["not_sent_way"],
        }


class SendMessage(Block):
    """Writes to the candidate by itself: a message, and never a task for an agent."""

    channel: ClassVar[Channel]
    is_slow = True

    @property
    def ways(self) -> dict[str, str]:
        if self.options.get("not_sent_way") is True:
            return {SENT: "Sent", NOT_SENT: "Not sent"}
        return {SENT: ""}

    @property
    def not_sent(self) -> str:
        return NOT_SENT if NOT_SENT in self.ways else SENT

    @property
    def summary(self) -> str:
        return text_in(self.options, "template_name") or "No template chosen"

    def template_in(self, workspace: Workspace) -> MessageTemplate | None:
        return row_of(templates_of(workspace, self.channel), self.options.get("template"))

    def problems(self, workspace: Workspace) -> list[str]:
        if not self.options.get("template"):
            return ["No template is chosen."]
        if self.template_in(workspace) is None:
            return [gone("template", text_in(self.options, "template_name"))]
        return []

    def preview(self, workspace: Workspace, user: User) -> str:
        left = limits.describe_left(workspace, self.channel)
        return f"{left}. Once they are used up, runs wait here until the limit resets." * bool(left)

    def execute_external(self, batch: Batch) -> None:
        workspace = batch.version.journey.workspace
        template = self.template_in(workspace)
        if template is None:
            reason = reason_of(self.problems(workspace)[0], Code.MISCONFIGURED, "problem")
            conclude(batch, batch.runs, Result(reason, state=RunState.FAILED))
        else:
            Sending(batch, template, self.not_sent).work()

    def execute(self, batch: Batch) -> None:
        raise AssertionError("a slow block is handed over")

    def rehearse(self, candidate: Candidate) -> Rehearsal:
        template = self.template_in(candidate.workspace)
        if template is None:
            return Rehearsal(f"The run would fail: {self.problems(candidate.workspace)[0]}", way="")
        try:
            draft = draft_of(template, candidate)
            refuse_opted_out(candidate.workspace_id, draft)
        except (CantSend, BadTemplate) as reason:
            return Rehearsal(f"Nothing would be sent. {reason}", way=self.not_sent)
        text = f"{draft.subject}\n{draft.body}" if draft.subject else draft.body
        return Rehearsal(f"Would send the {self.channel.label} to {draft.address}:\n{text}")


def templates_of(workspace: Workspace, channel: Channel) -> Any:
    return MessageTemplate.objects.filter(workspace=workspace, channel=channel)


class SendSMSForm(SendMessageForm):
    channel = Channel.SMS


class SendSMS(SendMessage):
    key = "send_sms"
    label = "Send SMS"
    about = "Send an SMS from a template, within the message limit."
    channel = Channel.SMS
    form = SendSMSForm


class SendEmailForm(SendMessageForm):
    channel = Channel.EMAIL


class SendEmail(SendMessage):
    key = "send_email"
    label = "Send e-mail"
    about = "Send an e-mail from a template, within the message limit."
    channel = Channel.EMAIL
    form = SendEmailForm
