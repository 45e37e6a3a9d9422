"""The page of what a workspace sets for its tasks."""

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from pipeline.tasks.models import TaskRules
from pipeline.workspaces.requests import MemberRequest
from pipeline.workspaces.settings.access import owners_only

from .forms import RulesForm


@require_http_methods(["GET", "HEAD", "POST"])
@owners_only
def rules(request: MemberRequest) -> HttpResponse:
    workspace_id = request.user.membership.workspace_id
    if request.method != "POST":
        return page(request, RulesForm(instance=TaskRules.of(workspace_id)))
    with transaction.atomic():
        form = RulesForm(request.POST, instance=locked(workspace_id))
        is_saved = form.is_valid()
        if is_saved:
            form.keep(by=request.user)
        else:
            transaction.set_rollback(True)  # a row that `locked` made says nothing
    if not is_saved:
        return page(request, form)
    messages.success(request, "The task settings are saved.")
    return redirect("task_settings:tasks")


def page(request: MemberRequest, form: RulesForm) -> HttpResponse:
    status = 422 if form.errors else 200
    return render(request, "tasks/settings/rules.html", {"form": form}, status=status)


def locked(workspace_id: int) -> TaskRules:
    """The workspace's row, made where there is none yet, and locked until it is saved."""
    rows = TaskRules.objects.select_for_update(no_key=True)
    rules, _ = rows.get_or_create(workspace_id=workspace_id)
    return rules
