from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pipeline.candidates.models import Candidate
from pipeline.journeys.models import Run
from pipeline.journeys.reasons import Code, because
from pipeline.journeys.writing.batch import Batch
from pipeline.workspaces.models import Workspace
from pipeline.workspaces.models.webhook import EndpointQuerySet, WebhookEndpoint
from pipeline.workspaces.models.webhook_events import JOURNEY
from pipeline.workspaces.webhooks import outbox

from .base import Block, BlockForm, Rehearsal, gone, row_of, text_in

MOST_PROPERTIES = 20


class WebhookForm(BlockForm):
    endpoint = forms.ModelChoiceField(
        WebhookEndpoint.objects.none(),
        label="Webhook",
        empty_label="Choose a webhook",
        help_text=gettext_lazy(
            "Webhooks are set up in the settings. They have a secret and a log of each delivery."
        ),
    )
    properties = forms.CharField(
        max_length=4000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        label="More properties",
        help_text=gettext_lazy("One per line, for example: plan = pro"),
    )

    def offer(self) -> None:
        field = self.fields["endpoint"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = endpoints_of(self.workspace)

    def clean_properties(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for line in filter(None, map(str.strip, self.cleaned_data["properties"].splitlines())):
            name, equals, value = (part.strip() for part in line.partition("="))
            if not equals or not name:
                raise forms.ValidationError(
                    _("“%(value)s” is not a property. Enter one per line, for example: plan = pro")
                    % {"value": line[:60]}
                )
            if name in found:
                raise forms.ValidationError(f"“{name[:60]}” is there twice.")
            found[name] = value
        if len(found) > MOST_PROPERTIES:
            raise forms.ValidationError(
                _("You entered %(found)s properties; the limit is %(most_properties)s.")
                % {"found": len(found), "most_properties": MOST_PROPERTIES}
            )
        return found

    def options(self) -> dict[str, Any]:
        endpoint = self.cleaned_data["endpoint"]
        return {
            "endpoint": endpoint.pk,
            "endpoint_name": str(endpoint),
            "properties": self.cleaned_data["properties"],
        }

    @classmethod
    def answers(cls, options: dict[str, Any]) -> dict[str, Any]:
        lines = [f"{name} = {value}" for name, value in options.get("properties", {}).items()]
        return options | {"properties": "\n".join(lines)}


class Webhook(Block):
    """Tells another system of the candidate.

    It names one of the workspace's endpoints instead of an address of its own: so there is a
    secret to sign with, owners alone decide where personal data go, what fails is tried again, and
    the log of deliveries tells what came of it. The block writes a delivery and goes on at once.
    """

    key = "webhook"
    label = "Webhook"
    about = "Send the candidate to another system."
    form = WebhookForm

    @property
    def name(self) -> str:
        return text_in(self.options, "endpoint_name")

    @property
    def summary(self) -> str:
        return self.name or "No webhook chosen"

    @property
    def properties(self) -> dict[str, Any]:
        found = self.options.get("properties")
        return found if isinstance(found, dict) else {}

    def problems(self, workspace: Workspace) -> list[str]:
        if not self.options.get("endpoint"):
            return ["No webhook is chosen."]
        if row_of(endpoints_of(workspace), self.options["endpoint"]) is None:
            return [gone("webhook", self.name)]
        if not isinstance(self.options.get("properties", {}), dict):
            return [_("The properties can't be read. Open the block and enter them again.")]
        return []

    def execute(self, batch: Batch) -> None:
        if self.fail_if_misconfigured(batch):
            return
        people = Candidate.objects.select_related("opening", "folder", "recruiter__user")
        found = people.prefetch_related("labels").in_bulk(batch.candidates)
        deliveries = outbox.put_to(
            batch.workspace_id,
            self.options["endpoint"],
            JOURNEY,
            [self.payload(batch, run, found[run.candidate_id]) for run in batch],
        )
        if not deliveries:
            for run in batch:
                batch.go_on(run, because(Code.WEBHOOK_OFF, name=self.name))
            return
        for run, delivery in zip(batch, deliveries, strict=True):
            told_it = because(Code.WEBHOOK_TOLD, name=self.name, delivery=delivery)
            batch.go_on(run, told_it, delivery=delivery)

    def payload(self, batch: Batch, run: Run, candidate: Candidate) -> dict[str, Any]:
        journey = batch.version.journey
        return {
            "candidate": as_told(candidate),
            "journey": {"id": journey.pk, "name": journey.name, "version": batch.version.number},
            "run": run.pk,
            "block": {"id": batch.node.id, "label": batch.label},
            "properties": self.properties,
        }

    def rehearse(self, candidate: Candidate) -> Rehearsal:
        if problems := self.problems(candidate.workspace):
            return Rehearsal(f"The run would fail: {problems[0]}", way="")
        endpoint = endpoints_of(candidate.workspace).get(pk=self.options["endpoint"])
        if not endpoint.is_active:
            return Rehearsal(str(because(Code.WEBHOOK_OFF, name=str(endpoint))))
        return Rehearsal(
            _("Would send %(candidate)s to %(endpoint)s.")
            % {"candidate": candidate, "endpoint": endpoint}
        )


def endpoints_of(workspace: Workspace) -> EndpointQuerySet:
    return WebhookEndpoint.objects.filter(workspace=workspace, deleted_at=None)


def as_told(candidate: Candidate) -> dict[str, Any]:
    recruiter = candidate.recruiter
    return {
        "id": candidate.pk,
        "name": candidate.full_name,
        "email": candidate.email,
        "phone": candidate.phone,
        "source": candidate.source,
        "opening": {"id": candidate.opening_id, "name": candidate.opening.name},
        "folder": {"id": candidate.folder_id, "name": candidate.folder.name},
        "labels": sorted(label.name for label in candidate.labels.all()),
        "recruiter": recruiter and {"id": recruiter.user_id, "name": str(recruiter.user)},
        "attributes": candidate.attributes,
    }
