"""Filters that a member keeps under a name: saved, renamed, overwritten and deleted."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect

from pipeline.foundation.first_come import save_first
from pipeline.tasks.models.saved_filter import SavedFilter
from pipeline.workspaces.models import User
from pipeline.workspaces.requests import MemberRequest

from .filters import PastFilter


class NameForm(forms.Form):
    """A name that none of the user's others has, unless it is meant to take that one's place."""

    name = forms.CharField(max_length=100, error_messages={"required": "Enter a name."})
    overwrite = forms.BooleanField(required=False)

    def __init__(self, data: Any, user: User, renamed: SavedFilter | None = None) -> None:
        super().__init__(data, initial={"name": renamed.name} if renamed else None)
        filters = SavedFilter.objects.visible_to(user)
        self.others = filters.exclude(pk=renamed.pk) if renamed else filters
        self.renamed = renamed
        self.same: SavedFilter | None = None  # the one that has the name already

    def clean(self) -> dict[str, Any]:
        is_new = self.renamed is None
        self.same = self.others.called(self.cleaned_data.get("name", "")).first()
        if self.same and not (is_new and self.cleaned_data.get("overwrite")):
            do = "Choose another name, or overwrite it." if is_new else "Choose another name."
            self.add_error("name", f"You already have a filter “{self.same}”. {do}")
        return self.cleaned_data

    def rename(self) -> bool:
        assert self.renamed
        self.renamed.name = self.cleaned_data["name"]
        self.renamed.save(update_fields=["name"])
        return True


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: MemberRequest) -> HttpResponse:
    """The dialog that asks for a name; by POST, the filter under that name."""
    is_post = request.method == "POST"
    query = request.POST.get("query", "") if is_post else request.GET.urlencode()
    filters = PastFilter(QueryDict(query), request.user)
    form = NameForm(request.POST if is_post else None, request.user)
    if (
        is_post
        and form.is_valid()
        and filters.query
        and (saved := save_first(form, lambda: keep(request.user, form, filters.query)))
    ):
        messages.success(request, _("Filter saved as “%(saved)s”.") % {"saved": saved})
        return go_to(request, saved.get_absolute_url())
    context = {"form": form, "filters": filters, "back": f"{reverse('past:list')}?{query}"}
    return dialog(request, "save", context)


def keep(user: User, form: NameForm, query: str) -> SavedFilter:
    """A new one, or in the place of the one that has the name."""
    saved = form.same or SavedFilter(workspace=user.membership.workspace, user=user)
    saved.name, saved.query = form.cleaned_data["name"], query
    saved.save()
    return saved


@require_http_methods(["GET", "HEAD", "POST"])
def saved(request: MemberRequest, pk: int) -> HttpResponse:
    """The dialog with a new name, or to delete it; by POST, renamed."""
    found = get_object_or_404(SavedFilter.objects.visible_to(request.user), pk=pk)
    form = NameForm(request.POST if request.method == "POST" else None, request.user, found)
    if request.method == "POST" and form.is_valid() and save_first(form, form.rename):
        messages.success(request, _("Filter renamed to “%(found)s”.") % {"found": found})
        return go_to(request, found.get_absolute_url())
    context = {"form": form, "saved": found, "back": found.get_absolute_url()}
    return dialog(request, "saved", context)


@require_POST
def delete(request: MemberRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(SavedFilter.objects.visible_to(request.user), pk=pk)
    found.delete()
    messages.success(request, _("Filter “%(found)s” deleted.") % {"found": found})
    return redirect("past:list")


def dialog(request: MemberRequest, what: str, context: dict[str, Any]) -> HttpResponse:
    fragment = f"tasks/_past_{what}.html"
    if request.htmx:
        # Always 200: a browser reports any other answer to a script as an error in its console.
        return render(request, fragment, context)
    status = 422 if request.method == "POST" else 200
    return render(
        request, "tasks/past_dialog.html", context | {"fragment": fragment}, status=status
    )


def go_to(request: MemberRequest, address: str) -> HttpResponse:
    return HttpResponseClientRedirect(address) if request.htmx else HttpResponseRedirect(address)
