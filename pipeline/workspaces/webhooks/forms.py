from typing import Any, ClassVar

from django import forms
from django.db import transaction
from django.http import QueryDict
from django.utils.translation import gettext_lazy

from pipeline.workspaces.models import User
from pipeline.workspaces.models.audit import record
from pipeline.workspaces.models.webhook import DeliveryQuerySet, DeliveryState, WebhookEndpoint
from pipeline.workspaces.models.webhook_events import CHOICES, JOURNEY, TEST


class EndpointForm(forms.ModelForm[WebhookEndpoint]):
    events = forms.MultipleChoiceField(
        choices=CHOICES, widget=forms.CheckboxSelectMultiple, label=gettext_lazy("Events to send")
    )

    class Meta:
        model = WebhookEndpoint
        fields = ("url", "description", "events")
        help_texts: ClassVar = {
            "url": "The address that receives the events, for example https://example.com/belay.",
            "description": "A name your colleagues will recognize, for example “Payroll”.",
        }
        widgets: ClassVar = {"url": forms.URLInput(attrs={"autocomplete": "off"})}

    @transaction.atomic
    def keep(self, by: User) -> WebhookEndpoint:
        """Save what was changed, with an entry in the audit."""
        endpoint = self.instance
        is_new = endpoint.pk is None
        if is_new:
            endpoint.created_by = by
            self.save()
        elif self.has_changed():
            endpoint.save(update_fields=["url", "description", "events"])
        if is_new or self.has_changed():
            verb = "added" if is_new else "changed"
            record(
                endpoint.workspace,
                by,
                f"{verb} the webhook",
                f"{endpoint.url}: {', '.join(endpoint.events)}",
                endpoint.get_absolute_url(),
            )
        return endpoint


class DeliveryFilter(forms.Form):
    event = forms.ChoiceField(
        choices=[("", "Any event"), *CHOICES, (JOURNEY, "A journey's webhook"), (TEST, "Test")],
        required=False,
    )
    state = forms.ChoiceField(choices=[("", "Any state"), *DeliveryState.choices], required=False)

    def __init__(self, data: QueryDict, deliveries: DeliveryQuerySet) -> None:
        super().__init__(data)
        self.deliveries = deliveries

    @property
    def found(self) -> DeliveryQuerySet:
        """Newest first; nothing for a choice that is none."""
        if not self.is_valid():
            return self.deliveries.none()
        chosen: dict[str, Any] = {name: value for name, value in self.cleaned_data.items() if value}
        return self.deliveries.filter(**chosen).order_by("-pk")
