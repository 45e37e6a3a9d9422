"""The page of what stops the runs of a candidate."""

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from pipeline.journeys.models.rules import JourneyRules
from pipeline.workspaces.access import owners_only
from pipeline.workspaces.models import Workspace
from pipeline.workspaces.requests import MemberRequest

from .forms import RulesForm


@require_http_methods(["GET", "HEAD", "POST"])
@owners_only
def rules(request: MemberRequest) -> HttpResponse:
    workspace_id = request.user.membership.workspace_id
    if request.method != "POST":
        form = RulesForm(instance=JourneyRules.of(workspace_id))
        return render(request, "journeys/settings/rules.html", {"form": form})
    with transaction.atomic():
        # One saving after the other, also where there is no row yet to lock.
        Workspace.objects.select_for_update(no_key=True).get(pk=workspace_id)
        form = RulesForm(request.POST, instance=JourneyRules.of(workspace_id))
        form.full_clean()  # of ticked boxes every answer is right
        form.keep(by=request.user)
    messages.success(request, _("Journey settings saved."))
    return redirect("journey_settings:journeys")
