"""The pages on which an owner writes message templates."""

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from pipeline.candidates.models import Candidate
from pipeline.outreach.models import Channel, MessageTemplate
from pipeline.outreach.placeholders import ALLOWED, BadTemplate, MissingValue
from pipeline.outreach.placeholders import render as fill_in
from pipeline.workspaces.access import owners_only
from pipeline.workspaces.models.audit import record
from pipeline.workspaces.requests import MemberRequest

from .forms import TemplateForm


@require_GET
@owners_only
def templates(request: MemberRequest) -> HttpResponse:
    found = MessageTemplate.objects.visible_to(request.user)
    return render(request, "outreach/settings/templates.html", {"templates": found})


@require_http_methods(["GET", "HEAD", "POST"])
@owners_only
def new(request: MemberRequest, channel: str) -> HttpResponse:
    if channel not in Channel.values:
        raise Http404
    workspace = request.user.membership.workspace
    return edit(request, MessageTemplate(workspace=workspace, channel=channel))


@require_http_methods(["GET", "HEAD", "POST"])
@owners_only
def template(request: MemberRequest, pk: int) -> HttpResponse:
    return edit(request, one_of(request, pk))


def edit(request: MemberRequest, instance: MessageTemplate) -> HttpResponse:
    title = f"“{instance.name}”" if instance.pk else f"New {NOUNS[instance.channel]}"
    form = TemplateForm(request.POST or None, instance=instance)
    if request.method == "POST" and form.is_valid() and form.keep(by=request.user):
        messages.success(request, _("Template %(instance)s saved.") % {"instance": instance})
        return redirect("outreach:templates")
    context = {"form": form, "title": title, "allowed": ALLOWED, **preview_of(request, instance)}
    status = 422 if form.errors else 200
    return render(request, "outreach/settings/template.html", context, status=status)


@require_POST
@owners_only
def preview(request: MemberRequest, channel: str) -> HttpResponse:
    """What is being written, as a candidate would read it. Nothing is saved."""
    if channel not in Channel.values:
        raise Http404
    written = MessageTemplate(
        workspace=request.user.membership.workspace,
        channel=channel,
        subject=request.POST.get("subject", ""),
        body=request.POST.get("body", ""),
    )
    return render(request, "outreach/settings/_preview.html", preview_of(request, written))


@require_http_methods(["GET", "HEAD", "POST"])
@owners_only
def delete(request: MemberRequest, pk: int) -> HttpResponse:
    """GET asks, POST deletes it."""
    found = one_of(request, pk)
    if request.method == "POST":
        with transaction.atomic():
            found.delete()
            record(found.workspace, request.user, "deleted the message template", found.name)
        messages.success(request, _("Template %(found)s deleted.") % {"found": found})
        return redirect("outreach:templates")
    context = {
        "title": f"Delete the template “{found}”?",
        "sentence": _(
            "Messages already sent stay as they are. Bulk actions that have started continue."
        ),
        "address": reverse("outreach:template_delete", args=[pk]),
        "back": reverse("outreach:templates"),
    }
    name = "_delete" if request.htmx else "delete"
    return render(request, f"settings/{name}.html", context)


NOUNS = {Channel.EMAIL.value: "e-mail template", Channel.SMS.value: "SMS template"}


def one_of(request: MemberRequest, pk: int) -> MessageTemplate:
    found = MessageTemplate.objects.visible_to(request.user).select_related("workspace")
    return get_object_or_404(found, pk=pk)


def preview_of(request: MemberRequest, template: MessageTemplate) -> dict[str, object]:
    """The text for the workspace's newest candidate, or why there would be none."""
    people = Candidate.objects.visible_to(request.user)
    people = people.select_related("workspace", "opening", "folder", "recruiter__user")
    sample = people.order_by("-pk").first()
    context: dict[str, object] = {"template": template, "sample": sample}
    if sample is None or not (template.body or template.subject):
        return context
    try:
        return context | {"rendered": fill_in(template, sample)}
    except (BadTemplate, MissingValue) as reason:
        return context | {"problem": str(reason), "is_missing": isinstance(reason, MissingValue)}
