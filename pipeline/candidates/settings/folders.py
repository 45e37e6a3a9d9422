"""An opening's folders: added, renamed, put in order, deleted when empty."""

from typing import Any

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.db.models import Max, ProtectedError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from pipeline.candidates.models import Candidate, Folder, Opening
from pipeline.foundation.counts import count_some
from pipeline.foundation.words import counted
from pipeline.workspaces.access import owners_only
from pipeline.workspaces.models.audit import record
from pipeline.workspaces.requests import MemberRequest

from .forms import NameForm
from .ordering import OrderChanged, put_in_order, wanted_order


@require_POST
@owners_only
def add(request: MemberRequest, pk: int) -> HttpResponse:
    """Add a custom folder after the others."""
    opening = get_object_or_404(Opening.objects.visible_to(request.user), pk=pk)
    last = opening.folders.aggregate(last=Max("position"))["last"]
    new = Folder(opening=opening, position=0 if last is None else last + 1)
    form = form_for(request, new)
    if form.is_valid() and form.save(by=request.user):
        messages.success(request, _("Folder %(new)s added.") % {"new": new})
        return redirect("candidate_settings:opening", pk=pk)
    return page(request, opening, form)


@require_POST
@owners_only
def rename(request: MemberRequest, pk: int) -> HttpResponse:
    form = form_for(request, folder_of(request, pk))
    opening = form.instance.opening
    if form.is_valid() and form.save(by=request.user):
        messages.success(request, f"The folder is now called {form.instance}.")
        return redirect("candidate_settings:opening", pk=opening.pk)
    return page(request, opening, form)


@require_POST
@owners_only
def order(request: MemberRequest, pk: int) -> HttpResponse:
    """Put the folders in the order that came, one of them perhaps moved up or down in it."""
    opening = get_object_or_404(Opening.objects.visible_to(request.user), pk=pk)
    trouble, moved = "", ""
    try:
        wanted = wanted_order(request.POST)
        put_in_order(opening, wanted.ids, seen=wanted.seen, by=request.user)
        moved = wanted.button
    except OrderChanged as changed:
        trouble = str(changed)
    if request.htmx:
        context = folders_context(opening) | {"trouble": trouble, "is_answer": True}
        return render(request, "settings/_folders.html", context)
    if trouble:
        messages.error(request, trouble)
    return redirect(f"{reverse('candidate_settings:opening', args=[pk])}#{moved or 'folders'}")


@require_http_methods(["GET", "HEAD", "POST"])
@owners_only
def delete(request: MemberRequest, pk: int) -> HttpResponse:
    """GET asks, or says why it can't be; POST deletes the folder if nobody is in it."""
    folder = folder_of(request, pk)
    refusal = why_it_stays(folder)
    if request.method == "POST":
        refusal = refusal or remove(folder, request)
        done = _("Folder %(folder)s deleted.") % {"folder": folder}
        messages.add_message(
            request, messages.ERROR if refusal else messages.SUCCESS, refusal or done
        )
        return redirect("candidate_settings:opening", pk=folder.opening_id)
    context = {
        "title": f"{folder} can’t be deleted" if refusal else f"Delete the folder “{folder}”?",
        "sentence": refusal
        or _("The folder is empty. %(opening)s keeps its other folders.")
        % {"opening": folder.opening},
        "address": "" if refusal else reverse("candidate_settings:folder_delete", args=[pk]),
        "back": reverse("candidate_settings:opening", args=[folder.opening_id]),
    }
    return render(request, f"settings/{'_delete' if request.htmx else 'delete'}.html", context)


def why_it_stays(folder: Folder) -> str:
    if folder.kind:
        purpose = folder.get_kind_display()
        return f"Each opening needs its “{purpose}” folder. It can be renamed, but not deleted."
    people = count_some(Candidate.objects.filter(folder=folder))
    if not people:
        return ""
    number = counted(people, "candidate")
    return f"{folder} still holds {number}. Move them to another folder first."


def remove(folder: Folder, request: MemberRequest) -> str:
    """Delete the folder. Returns why not when a candidate has just come into it; else ""."""
    try:
        with transaction.atomic():
            subject = f"{folder} ({folder.opening})"
            folder.delete()
            record(folder.opening.workspace, request.user, "deleted the folder", subject)
    except (ProtectedError, IntegrityError):
        return _("A candidate was just added to %(folder)s, so it was not deleted.") % {
            "folder": folder
        }
    return ""


def folder_of(request: MemberRequest, pk: int) -> Folder:
    visible = Folder.objects.visible_to(request.user)
    return get_object_or_404(visible.select_related("opening__workspace"), pk=pk)


def form_for(request: MemberRequest, folder: Folder) -> NameForm:
    return NameForm(
        request.POST,
        instance=folder,
        siblings=folder.opening.folders.all(),
        place=folder.opening.name,
    )


def folders_context(opening: Opening, form: NameForm | None = None) -> dict[str, Any]:
    """The opening's folders, each with the form of its name; among them `form`, with its errors."""
    folders = opening.folders.all()
    given = {form.instance.pk: form} if form else {}
    rows = [
        given.get(folder.pk) or NameForm(instance=folder, siblings=folders)
        for folder in opening.folders.order_by("position", "pk")
    ]
    new = given.get(None) or NameForm(instance=Folder(opening=opening), siblings=folders)
    return {"opening": opening, "rows": rows, "new": new}


def page(request: MemberRequest, opening: Opening, form: NameForm) -> HttpResponse:
    visible = Opening.objects.visible_to(request.user)
    context = folders_context(opening, form) | {
        "form": NameForm(instance=opening, siblings=visible)
    }
    return render(request, "settings/opening.html", context, status=422)
