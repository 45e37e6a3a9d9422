"""The page on which an Owner lets messages go out again after a restore."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from pipeline.workspaces.access import owners_only
from pipeline.workspaces.requests import MemberRequest
from pipeline.workspaces.restores.confirming import confirm


@require_http_methods(["GET", "HEAD", "POST"])
@owners_only
def held_messages(request: MemberRequest) -> HttpResponse:
    workspace = request.user.membership.workspace
    if request.method == "POST":
        if confirm(workspace, by=request.user):
            messages.success(request, _("Messages released. They are sent within a few seconds."))
        else:
            messages.info(request, "Messages were not on hold.")
        return redirect("settings:messages_held")
    return render(request, "settings/held_messages.html", {"workspace": workspace})
