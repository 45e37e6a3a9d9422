"""A journey gets its name: when it is begun, and when it is renamed."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from pipeline.foundation.first_come import save_first
from pipeline.journeys.definition.definition import Definition
from pipeline.journeys.models import Journey
from pipeline.workspaces.models.audit import record
from pipeline.workspaces.requests import MemberRequest

from .access import editors_only, journey_of
from .forms import NameForm


@require_http_methods(["GET", "HEAD", "POST"])
@editors_only
def new(request: MemberRequest) -> HttpResponse:
    """A name, and it is an empty draft."""
    journey = Journey(
        workspace=request.user.membership.workspace,
        created_by=request.user,
        draft=Definition().as_json(),
    )
    form = NameForm(request.POST or None, instance=journey)
    if request.method == "POST" and form.is_valid() and named(request, form, "added the journey"):
        return redirect("journeys:edit", pk=journey.pk)
    status = 422 if form.errors else 200
    context = {"form": form, "title": "New journey"}
    return render(request, "journeys/editor_name.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@editors_only
def rename(request: MemberRequest, pk: int) -> HttpResponse:
    journey = journey_of(request.user, pk)
    title = f"Rename “{journey}”"
    form = NameForm(request.POST or None, instance=journey)
    if request.method == "POST" and form.is_valid() and named(request, form, "renamed the journey"):
        messages.success(request, _("Journey renamed to %(journey)s.") % {"journey": journey})
        return redirect("journeys:edit", pk=pk)
    status = 422 if form.errors else 200
    context = {"form": form, "title": title, "journey": journey}
    return render(request, "journeys/editor_name.html", context, status=status)


def named(request: MemberRequest, form: NameForm, verb: str) -> bool:
    """Save the name, with a line in the audit. False, with the reason at it, if it was taken."""
    journey = form.instance

    def save() -> bool:
        journey.save(update_fields=None if journey.pk is None else ["name"])
        link = journey.get_absolute_url()
        record(journey.workspace, request.user, verb, str(journey), link)
        return True

    return bool(save_first(form, save, journey.workspace_id))
