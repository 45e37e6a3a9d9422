from typing import Any

from django import forms
from django.db.models import Count, QuerySet

from pipeline.candidates.models import Candidate, CandidateQuerySet
from pipeline.foundation.words import clipped
from pipeline.outreach.drafts import Draft
from pipeline.outreach.models import Channel, MessageTemplate

from . import message_text
from .base import OptionsForm, Preview, Sample
from .drafts import SendingOperation

Choices = list[tuple[str, list[tuple[int, str]]]]


class TemplateField(forms.ModelChoiceField[MessageTemplate]):
    """One of the workspace's templates, by channel."""

    def __init__(self, **options: Any) -> None:
        super().__init__(MessageTemplate.objects.none(), **options)

    def offer(self, templates: QuerySet[MessageTemplate]) -> None:
        self.queryset = templates
        groups: dict[str, list[tuple[int, str]]] = {}
        for template in templates:
            channel = template.get_channel_display()
            groups.setdefault(channel, []).append((template.pk, template.name))
        self.choices = [("", self.empty_label), *sorted(groups.items())]


def text_of(template: MessageTemplate) -> message_text.Text:
    """The text as it is now: a later change of the template does not change what was ordered."""
    return {
        "workspace": template.workspace_id,
        "template": template.pk,
        "template_name": template.name,
        "channel": template.channel,
        "subject": template.subject,
        "body": template.body,
    }


class SendMessageForm(OptionsForm):
    template = TemplateField(label="Template", empty_label="Choose a template")

    def offer(self) -> None:
        field = self.fields["template"]
        assert isinstance(field, TemplateField)
        field.offer(MessageTemplate.objects.visible_to(self.user))

    def options(self) -> dict[str, Any]:
        return text_of(self.cleaned_data["template"])

    @classmethod
    def answers(cls, options: dict[str, Any]) -> dict[str, Any]:
        return {"template": options["template"]}


class SendMessage(SendingOperation):
    """Write an e-mail or an SMS to each candidate, from a template."""

    key = "send_message"
    label = "Send message"
    changes = ()
    command = "Send to"
    is_frequent = True
    form = SendMessageForm
    verb = "messaged"

    @property
    def channel(self) -> Channel:
        return Channel(self.options["channel"])

    @property
    def title(self) -> str:
        return f"{self.channel.label}: {self.options['template_name']}"

    @property
    def details(self) -> str:
        return f"Text: {clipped(self.options['body'], 300)}"

    def draft(self, candidate: Candidate) -> Draft:
        return message_text.draft_from(self.options, candidate)

    def preview(self, candidates: CandidateQuerySet) -> Preview:
        total = candidates.order_by().aggregate(total=Count("pk"))["total"]
        preview = Preview(total, message_text.skips_of(self.options, candidates))
        return message_text.within_limit(self.options, preview)

    def samples(self, candidates: CandidateQuerySet) -> list[Sample]:
        return message_text.samples_of(self.options, candidates)

    def describe_before(self, befores: list[dict[str, Any]]) -> list[str]:
        return [""] * len(befores)
