"""The page of message limits and rates, with what is used of them now."""

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from pipeline.outreach.limits import LimitUsage, standing
from pipeline.outreach.models import Channel, MessageLimit, MessagingRules
from pipeline.outreach.senders import reaches_nobody
from pipeline.workspaces.access import owners_only
from pipeline.workspaces.models import Workspace
from pipeline.workspaces.requests import MemberRequest

from .forms import LimitForm, RulesForm


@require_http_methods(["GET", "HEAD", "POST"])
@owners_only
def limits(request: MemberRequest) -> HttpResponse:
    workspace = request.user.membership.workspace
    if request.method != "POST":
        forms = [LimitForm(None, limit_of(workspace, channel)) for channel in Channel]
        return page(request, workspace, forms, RulesForm(None, MessagingRules.of(workspace)))
    with transaction.atomic():
        limits = [locked_limit_of(workspace, channel) for channel in Channel]
        forms = [LimitForm(request.POST, limit) for limit in limits]
        rules = RulesForm(request.POST, MessagingRules.of(workspace))
        every: list[LimitForm | RulesForm] = [*forms, rules]
        is_valid = not any(form.errors for form in every)
        for form in every if is_valid else ():
            form.keep(by=request.user)
    if not is_valid:
        return page(request, workspace, forms, rules)
    messages.success(request, "The message settings are saved.")
    return redirect("outreach:limits")


def page(
    request: MemberRequest, workspace: Workspace, forms: list[LimitForm], rules: RulesForm
) -> HttpResponse:
    rows = [(form, *state_of(workspace, form.instance.channel)) for form in forms]
    status = 422 if rules.errors or any(form.errors for form in forms) else 200
    context = {"rows": rows, "rules": rules}
    return render(request, "outreach/settings/limits.html", context, status=status)


def limit_of(workspace: Workspace, channel: str) -> MessageLimit:
    found = workspace.message_limits.filter(channel=channel).first()
    return found or MessageLimit(workspace=workspace, channel=channel)


def locked_limit_of(workspace: Workspace, channel: str) -> MessageLimit:
    """The channel's row, made where there is none yet, and locked until it is saved."""
    rows = MessageLimit.objects.select_for_update(no_key=True, of=("self",))
    limit, _ = rows.select_related("workspace").get_or_create(workspace=workspace, channel=channel)
    return limit


def state_of(workspace: Workspace, channel: str) -> tuple[LimitUsage, bool]:
    return standing(workspace, channel), reaches_nobody(channel)
