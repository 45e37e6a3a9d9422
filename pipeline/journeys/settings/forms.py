from typing import ClassVar

from django import forms

from pipeline.journeys.models.rules import JourneyRules
from pipeline.workspaces.models import User
from pipeline.workspaces.models.audit import record


class RulesForm(forms.ModelForm[JourneyRules]):
    class Meta:
        model = JourneyRules
        fields = ("stop_when_rejected", "stop_when_hired", "stop_when_opted_out")
        labels: ClassVar = {
            "stop_when_rejected": "The candidate is rejected",
            "stop_when_hired": "The candidate is hired",
            "stop_when_opted_out": "The candidate opts out of e-mails or SMS",
        }
        help_texts: ClassVar = {
            "stop_when_rejected": "However the candidate gets into the Rejected folder.",
            "stop_when_hired": "Journeys triggered by the Hired folder still start.",
            "stop_when_opted_out": "If off, runs continue without messages.",
        }

    def keep(self, by: User) -> None:
        """Save what was changed, with a line in the audit. To be called in a transaction."""
        if not self.changed_data:
            return
        self.instance.save(update_fields=self.changed_data if self.instance.pk else None)
        chosen = [str(self[name].label) for name in self.fields if self.cleaned_data[name]]
        what = "; ".join(chosen) or "nothing"
        record(self.instance.workspace, by, "changed what stops journeys to", what)
