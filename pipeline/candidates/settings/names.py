"""Labels and reject reasons: lists of names that an owner keeps."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from pipeline.candidates.models import CandidateLabel, Label, RejectReason
from pipeline.foundation.counts import count_some
from pipeline.foundation.words import counted
from pipeline.workspaces.access import owners_only
from pipeline.workspaces.models.audit import record
from pipeline.workspaces.requests import MemberRequest

from .forms import NameForm


def label_use(label: Label) -> str:
    """Say how many candidates have it, counted along the label's own index."""
    people = count_some(CandidateLabel.objects.filter(label=label))
    if not people:
        return "No candidate has it."
    return _("%(people)s will lose it. This can’t be undone.") % {
        "people": counted(people, "candidate")
    }


def reason_use(reason: RejectReason) -> str:
    return _("It stays on the profiles of candidates who were rejected for it.")


@dataclass(frozen=True)
class Kind:
    key: str
    slug: str
    model: Any  # with `workspace` and a unique `name`
    title: str
    one: str
    about: str
    use: Callable[[Any], str]


LABELS = Kind(
    "labels",
    "labels",
    Label,
    "Labels",
    "label",
    (
        "Recruiters use labels to mark candidates. A new name shows at once wherever the "
        "label is used."
    ),
    label_use,
)
REJECT_REASONS = Kind(
    "reject_reasons",
    "reject-reasons",
    RejectReason,
    "Reject reasons",
    "reject reason",
    (
        "Recruiters choose one of these when they reject a candidate. Reasons stay on "
        "the profile and are never sent."
    ),
    reason_use,
)


@require_http_methods(["GET", "HEAD", "POST"])
@owners_only
def index(request: MemberRequest, kind: Kind) -> HttpResponse:
    """The list; by POST, one more in it."""
    new = form_for(request, kind, kind.model(workspace=request.user.membership.workspace))
    if request.method == "POST" and new.is_valid() and new.save(by=request.user):
        messages.success(
            request,
            _("Added the %(one)s %(instance)s.") % {"one": kind.one, "instance": new.instance},
        )
        return redirect(f"candidate_settings:{kind.key}")
    return page(request, kind, new)


@require_POST
@owners_only
def rename(request: MemberRequest, kind: Kind, pk: int) -> HttpResponse:
    form = form_for(request, kind, one_of(request, kind, pk))
    if form.is_valid() and form.save(by=request.user):
        messages.success(request, f"The {kind.one} is now called {form.instance}.")
        return redirect(f"candidate_settings:{kind.key}")
    return page(request, kind, form)


@require_http_methods(["GET", "HEAD", "POST"])
@owners_only
def delete(request: MemberRequest, kind: Kind, pk: int) -> HttpResponse:
    """GET says what goes with it, POST deletes it."""
    found = one_of(request, kind, pk)
    if request.method == "POST":
        with transaction.atomic():
            found.delete()
            workspace = request.user.membership.workspace
            record(workspace, request.user, f"deleted the {kind.one}", found.name)
        messages.success(
            request, _("Deleted the %(one)s %(found)s.") % {"one": kind.one, "found": found}
        )
        return redirect(f"candidate_settings:{kind.key}")
    context = {
        "title": f"Delete the {kind.one} “{found}”?",
        "sentence": kind.use(found),
        "address": reverse(f"candidate_settings:{kind.key}_delete", args=[pk]),
        "back": reverse(f"candidate_settings:{kind.key}"),
    }
    template = "_delete" if request.htmx else "delete"
    return render(request, f"settings/{template}.html", context)


def one_of(request: MemberRequest, kind: Kind, pk: int) -> Any:
    return get_object_or_404(kind.model.objects.visible_to(request.user), pk=pk)


def form_for(request: MemberRequest, kind: Kind, instance: Any) -> NameForm:
    visible = kind.model.objects.visible_to(request.user)
    data = request.POST if request.method == "POST" else None
    return NameForm(data, instance=instance, siblings=visible)


def page(request: MemberRequest, kind: Kind, form: NameForm) -> HttpResponse:
    """All forms of the list; among them `form`, with its errors."""
    visible = kind.model.objects.visible_to(request.user)
    rows = [
        form if row.pk == form.instance.pk else NameForm(instance=row, siblings=visible)
        for row in visible.order_by("name")
    ]
    new = (
        form
        if form.instance.pk is None
        else NameForm(
            instance=kind.model(workspace=request.user.membership.workspace), siblings=visible
        )
    )
    context = {"kind": kind, "rows": rows, "new": new}
    return render(request, "settings/names.html", context, status=422 if form.errors else 200)
