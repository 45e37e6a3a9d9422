"""The page of what a workspace sets for its tasks."""

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from pipeline.tasks.models.rules import TaskRules
from pipeline.workspaces.access import owners_only
from pipeline.workspaces.models import Workspace
from pipeline.workspaces.requests import MemberRequest

from .forms import RulesForm


@require_http_methods(["GET", "HEAD", "POST"])
@owners_only
def rules(request: MemberRequest) -> HttpResponse:
    workspace_id = request.user.membership.workspace_id
    if request.method != "POST":
        return page(request, RulesForm(instance=TaskRules.of(workspace_id)))
    with transaction.atomic():
        # One saving after the other, also where there is no row yet to lock.
        Workspace.objects.select_for_update(no_key=True).get(pk=workspace_id)
        form = RulesForm(request.POST, instance=TaskRules.of(workspace_id))
        if form.is_valid():
            form.keep(by=request.user)
    if form.errors:
        return page(request, form)
    messages.success(request, _("Task settings saved."))
    return redirect("task_settings:tasks")


def page(request: MemberRequest, form: RulesForm) -> HttpResponse:
    status = 422 if form.errors else 200
    return render(request, "tasks/settings/rules.html", {"form": form}, status=status)
