from typing import Any, ClassVar

from django import forms
from django.contrib.humanize.templatetags.humanize import intcomma
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from pipeline.foundation.first_come import is_name_taken, save_first
from pipeline.foundation.names import same_key, tidy
from pipeline.outreach.models import (
    Channel,
    MessageLimit,
    MessageTemplate,
    MessagingRules,
    Period,
)
from pipeline.outreach.models.messaging_rules import MOST_WORDS, WORD_CHARACTERS
from pipeline.outreach.placeholders import BadTemplate, check
from pipeline.outreach.stop_words import START_WORDS, letters_of
from pipeline.workspaces.models import User
from pipeline.workspaces.models.audit import record

LONGEST = {Channel.EMAIL: 20_000, Channel.SMS: 1600}  # an SMS provider takes no longer ones


class TemplateForm(forms.ModelForm[MessageTemplate]):
    """The texts of a template; its channel was chosen before. An SMS has no subject."""

    class Meta:
        model = MessageTemplate
        fields = ("name", "subject", "body")
        labels: ClassVar = {"body": "Text"}
        help_texts: ClassVar = {"name": "For recruiters only. Never sent.", "subject": ""}
        widgets: ClassVar = {"body": forms.Textarea(attrs={"rows": 8})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.channel == Channel.SMS:
            del self.fields["subject"]
        else:
            self.fields["subject"].required = True

    def clean_name(self) -> str:
        name = tidy(self.cleaned_data["name"])
        others = MessageTemplate.objects.filter(workspace=self.instance.workspace_id)
        if is_name_taken(others, name, self.instance.pk):
            raise forms.ValidationError(TAKEN.format(name=name))
        return name

    def clean_subject(self) -> str:
        return checked(" ".join(self.cleaned_data["subject"].split()))

    def clean_body(self) -> str:
        body = checked(self.cleaned_data["body"].replace("\r\n", "\n"))
        longest = LONGEST[Channel(self.instance.channel)]
        if len(body) > longest:
            raise forms.ValidationError(
                f"The text has {len(body):,} characters; the limit is {longest:,}."
            )
        return body

    def keep(self, by: User) -> bool:
        """Save with an entry in the audit. False, with the reason at `name`, if that was taken."""
        template = self.instance
        verb = "changed" if template.pk else "added"

        def save() -> bool:
            self.save()
            told = f"{template} ({template.get_channel_display()})"
            record(template.workspace, by, f"{verb} the message template", told)
            return True

        return bool(save_first(self, save, template.workspace_id))


TAKEN = "There is already a template called “{name}”. Choose another name."


def checked(text: str) -> str:
    try:
        check(text)
    except BadTemplate as error:
        raise forms.ValidationError(str(error))
    return text


class LimitForm(forms.ModelForm[MessageLimit]):
    number = forms.IntegerField(
        label="Limit",
        required=False,
        min_value=0,
        max_value=2_000_000_000,
        help_text=_("Messages per period. Leave empty for no limit."),
    )
    period = forms.ChoiceField(
        label="Period",
        choices=[("day", "Day"), ("month", "Calendar month"), ("year", "Calendar year")],
    )
    per_second = forms.IntegerField(
        label="Rate",
        required=False,
        min_value=1,
        max_value=10_000,
        help_text=_(
            "Messages per second. Leave empty to send as fast as the provider accepts them."
        ),
    )

    class Meta:
        model = MessageLimit
        fields = ("number", "period", "per_second")

    def __init__(self, data: QueryDict | None, limit: MessageLimit) -> None:
        super().__init__(data, instance=limit, prefix=limit.channel)
        self.before = (limit_in_words(limit), rate_in_words(limit))

    def keep(self, by: User) -> None:
        """Save what was changed, with an entry in the audit."""
        if not self.has_changed():
            return
        # Not next_at, which moves while messages go.
        self.instance.save(update_fields=["number", "period", "per_second"])
        after = (limit_in_words(self.instance), rate_in_words(self.instance))
        changes = [
            f"{was} to {now}" for was, now in zip(self.before, after, strict=True) if was != now
        ]
        if changes:
            subject = f"{self.instance.get_channel_display()}: from {', from '.join(changes)}"
            record(self.instance.workspace, by, "changed the message limit", subject)


class RulesForm(forms.ModelForm[MessagingRules]):
    """The workspace's own stop words, one a line."""

    stop_words = forms.CharField(
        label=_("Your own stop words"),
        required=False,
        max_length=MOST_WORDS * (WORD_CHARACTERS + 2),
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_(
            "One a line. A candidate who answers an SMS with one of these words, or with STOP, "
            "STOPALL, UNSUBSCRIBE, CANCEL, END, QUIT, REVOKE or OPTOUT, gets no more SMS. START "
            "allows them again."
        ),
    )

    class Meta:
        model = MessagingRules
        fields = ("stop_words",)

    def __init__(self, data: QueryDict | None, rules: MessagingRules) -> None:
        self.before = rules.stop_words
        super().__init__(data, instance=rules, initial={"stop_words": "\n".join(self.before)})

    def clean_stop_words(self) -> list[str]:
        words = {same_key(word): tidy(word) for word in self.cleaned_data["stop_words"].split("\n")}
        found = [word for word in words.values() if word]
        for word in found:
            if len(word) > WORD_CHARACTERS:
                raise forms.ValidationError(
                    _("“%(word)s” is too long: a stop word has at most %(most)d characters."),
                    params={"word": word, "most": WORD_CHARACTERS},
                )
            if letters_of(word) in START_WORDS or not letters_of(word):
                raise forms.ValidationError(
                    _("“%(word)s” can’t be a stop word. Choose another one."), params={"word": word}
                )
        if len(found) > MOST_WORDS:
            raise forms.ValidationError(
                _("These are %(number)d stop words; the most is %(most)d."),
                params={"number": len(found), "most": MOST_WORDS},
            )
        return found

    def keep(self, by: User) -> None:
        """Save what was changed, with an entry in the audit."""
        if self.before == self.instance.stop_words:
            return
        self.instance.save()
        words = ", ".join(self.instance.stop_words) or "none"
        record(self.instance.workspace, by, "changed the stop words", f"to {words}"[:300])


def limit_in_words(limit: MessageLimit) -> str:
    if limit.number is None:
        return "no limit"
    return f"{intcomma(limit.number)} a {Period(limit.period).label}"


def rate_in_words(limit: MessageLimit) -> str:
    return f"{limit.per_second} a second" if limit.per_second else "no rate"
