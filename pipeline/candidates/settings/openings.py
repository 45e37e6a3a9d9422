"""The openings' pages: the list, and one with its folders."""

from django.contrib import messages
from django.db import transaction
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from pipeline.candidates.models import Opening
from pipeline.workspaces.access import owners_only
from pipeline.workspaces.requests import MemberRequest

from .folders import folders_context
from .forms import NameForm


@require_http_methods(["GET", "HEAD", "POST"])
@owners_only
def index(request: MemberRequest) -> HttpResponse:
    """The list; by POST, one more in it, with the folders that each begins with."""
    visible = Opening.objects.visible_to(request.user)
    new = Opening(workspace=request.user.membership.workspace)
    form = NameForm(request.POST or None, instance=new, siblings=visible)
    if request.method == "POST" and form.is_valid() and add(form, request):
        messages.success(
            request, _("Opening %(new)s added with the standard folders.") % {"new": new}
        )
        return redirect("candidate_settings:opening", pk=new.pk)
    openings = visible.annotate(folder_count=Count("folders")).order_by("name")
    context = {"form": form, "openings": openings}
    status = 422 if form.errors else 200
    return render(request, "settings/openings.html", context, status=status)


@transaction.atomic
def add(form: NameForm, request: MemberRequest) -> bool:
    if not form.save(by=request.user):
        return False
    form.instance.add_default_folders()
    return True


@require_http_methods(["GET", "HEAD", "POST"])
@owners_only
def opening(request: MemberRequest, pk: int) -> HttpResponse:
    """An opening's folders; by POST, its new name."""
    visible = Opening.objects.visible_to(request.user)
    found = get_object_or_404(visible, pk=pk)
    form = NameForm(request.POST or None, instance=found, siblings=visible)
    if request.method == "POST" and form.is_valid() and form.save(by=request.user):
        messages.success(request, f"The opening is now called {found}.")
        return redirect("candidate_settings:opening", pk=pk)
    context = folders_context(visible.get(pk=pk)) | {"form": form}
    status = 422 if form.errors else 200
    return render(request, "settings/opening.html", context, status=status)
