"""The workspace's own page: name, time zone, start delay and the like."""

import zoneinfo
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from pipeline.workspaces.access import owners_only
from pipeline.workspaces.models import Workspace, zone_called
from pipeline.workspaces.models.audit import record
from pipeline.workspaces.requests import MemberRequest


def time_zones() -> list[tuple[str, str]]:
    return [(name, name.replace("_", " ")) for name in sorted(zoneinfo.available_timezones())]


class WorkspaceForm(forms.ModelForm[Workspace]):
    time_zone = forms.ChoiceField(
        choices=time_zones,
        help_text=gettext_lazy("Used for all times shown and for message limits."),
    )

    class Meta:
        model = Workspace
        fields = (
            "name",
            "time_zone",
            "phone_region",
            "start_delay_seconds",
            "typed_number_from",
            "support_address",
        )
        labels: ClassVar = {
            "phone_region": "Phone region",
            "start_delay_seconds": "Start delay in seconds",
            "typed_number_from": "Typed confirmation threshold (candidates)",
            "support_address": "Support address",
        }
        help_texts: ClassVar = {
            "phone_region": gettext_lazy(
                "The country of phone numbers without a country code, for example GB."
            ),
            "start_delay_seconds": gettext_lazy(
                "How long a bulk action waits In Queue, so that you can still cancel a mistake."
            ),
            "typed_number_from": gettext_lazy(
                "To start a bulk action over this many candidates or more, you type the number."
            ),
            "support_address": gettext_lazy(
                "An e-mail or web address for “Contact support”. If empty, your Belay"
                " administrator’s is used."
            ),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        name = self.instance.time_zone
        if not self.is_bound and zone_called(name) is None:
            self.initial["time_zone"] = self.instance.tz.key
            self.fields["time_zone"].help_text = _(
                "Belay doesn’t know the time zone “%(name)s”, so times are shown in "
                "UTC. Choose your time zone and save."
            ) % {"name": name}

    def changes(self) -> str:
        """Say what changed, as in "start delay in seconds from 5 to 30"."""
        return "; ".join(
            f"{self[name].label.lower()} from {shown(self.initial[name])}"
            f" to {shown(self.cleaned_data[name])}"
            for name in self.changed_data
        )


def shown(value: Any) -> str:
    return "nothing" if value == "" else str(value)


@require_http_methods(["GET", "HEAD", "POST"])
@owners_only
def workspace(request: MemberRequest) -> HttpResponse:
    found = Workspace.objects.filter(pk=request.user.membership.workspace_id)
    if request.method == "POST":
        form = save(request, found)
        if form.is_valid():
            return redirect("settings:workspace")
    else:
        form = WorkspaceForm(instance=found.get())
    status = 422 if form.errors else 200
    return render(request, "settings/workspace.html", {"form": form}, status=status)


@transaction.atomic
def save(request: MemberRequest, found: QuerySet[Workspace]) -> WorkspaceForm:
    """Save the form, compared with the locked row, and return it with its errors."""
    form = WorkspaceForm(request.POST, instance=found.select_for_update(no_key=True).get())
    if form.is_valid():
        if form.has_changed():
            record(form.save(), request.user, "changed the settings", form.changes())
        messages.success(request, _("Settings saved."))
    return form
