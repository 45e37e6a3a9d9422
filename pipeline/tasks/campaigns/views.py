"""Campaigns: the list, one with its numbers, and the form."""

from functools import partial
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from pipeline.foundation.paging.newest_first import page_of
from pipeline.outreach.models import Campaign
from pipeline.tasks.models.announce import announce
from pipeline.workspaces.access import starters
from pipeline.workspaces.requests import MemberRequest

from .counts import counted
from .forms import CampaignForm

PAGE = 25  # each brings four counts
TOLD = 200  # waiting tasks of a campaign, of which desks hear when it is paused or resumed
changers_only = starters("Changing a campaign")


@require_safe
def index(request: MemberRequest) -> HttpResponse:
    """The newest first, with the numbers of their tasks."""
    found = Campaign.objects.visible_to(request.user)
    with_numbers = partial(counted, user=request.user)
    page = page_of(found, request.GET, PAGE, by="number", fetch=with_numbers)
    context = {"campaigns": page.rows, **page.links}
    return render(request, "campaigns/list.html", context)


@require_safe
def campaign(request: MemberRequest, pk: int) -> HttpResponse:
    found = one_of(request, pk)
    return render(request, "campaigns/campaign.html", {"campaign": found})


@require_http_methods(["GET", "HEAD", "POST"])
@changers_only
def new(request: MemberRequest) -> HttpResponse:
    form = CampaignForm(
        request.POST or None, instance=Campaign(workspace=request.user.membership.workspace)
    )
    if request.method == "POST" and saved(request, form):
        messages.success(
            request,
            _("Created %(instance)s as a draft. Make it ready before you add tasks.")
            % {"instance": form.instance},
        )
        return redirect(form.instance)
    return form_page(request, form, "New campaign")


@require_http_methods(["GET", "HEAD", "POST"])
@changers_only
@transaction.atomic
def edit(request: MemberRequest, pk: int) -> HttpResponse:
    visible = Campaign.objects.visible_to(request.user)
    # Locked, so that it is compared with what it is, and is not made ready meanwhile.
    found = get_object_or_404(visible.select_for_update(no_key=True), pk=pk)
    form = CampaignForm(request.POST or None, instance=found)
    title = f"{found.short_id} {found}"
    if request.method == "POST" and saved(request, form):
        messages.success(request, _("Saved %(instance)s.") % {"instance": form.instance})
        return redirect(form.instance)
    return form_page(request, form, title)


@transaction.atomic
def saved(request: MemberRequest, form: CampaignForm) -> bool:
    return form.is_valid() and form.keep(by=request.user)


def form_page(request: MemberRequest, form: CampaignForm, title: str) -> HttpResponse:
    context = {"form": form, "title": title}
    status = 422 if form.errors else 200
    return render(request, "campaigns/form.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@changers_only
def pause(request: MemberRequest, pk: int) -> HttpResponse:
    """GET says what will happen, in numbers; POST pauses it."""
    if request.method == "POST":
        return moved(request, pk, "pause")
    context = {"campaign": one_of(request, pk)}
    name = "_pause" if request.htmx else "pause"
    return render(request, f"campaigns/{name}.html", context)


@require_POST
@changers_only
def move(request: MemberRequest, pk: int, verb: str) -> HttpResponse:
    return moved(request, pk, verb)


def moved(request: MemberRequest, pk: int, verb: str) -> HttpResponse:
    """Do it, and tell whoever came too late what it is."""
    found = get_object_or_404(Campaign.objects.visible_to(request.user), pk=pk)
    if found.move(verb, by=request.user):
        show_on_desks(found, verb)
        messages.success(request, f"{found} is {found.get_state_display()}.")
    else:
        messages.error(request, f"Nothing was changed: {found} is {found.get_state_display()}.")
    return redirect(found)


def show_on_desks(campaign: Campaign, verb: str) -> None:
    """Its waiting tasks may be accepted, or not any more: have the open desks look at them.

    A few tell it as well as all: a desk that hears of one asks for what it shows.
    """
    waiting = campaign.tasks.waiting().order_by("-pk").values_list("pk", flat=True)
    announce(verb, campaign.workspace_id, list(waiting[:TOLD]))


@require_http_methods(["GET", "HEAD", "POST"])
@changers_only
def delete(request: MemberRequest, pk: int) -> HttpResponse:
    """GET asks, POST deletes it; one that has tasks stays, and is said to be pausable instead."""
    if request.method == "POST" and (gone := deleted(request, pk)):
        messages.success(request, _("Campaign %(gone)s deleted.") % {"gone": gone})
        return redirect("campaigns:list")
    found = one_of(request, pk)
    context: dict[str, Any] = {"campaign": found, "has_tasks": found.tasks.exists()}
    name = "_delete" if request.htmx and request.method != "POST" else "delete"
    status = 409 if request.method == "POST" else 200
    return render(request, f"campaigns/{name}.html", context, status=status)


@transaction.atomic
def deleted(request: MemberRequest, pk: int) -> Campaign | None:
    """Delete it if it has no tasks. Locked, so that it gets none meanwhile."""
    visible = Campaign.objects.visible_to(request.user)
    found = get_object_or_404(visible.select_for_update(), pk=pk)
    if found.tasks.exists():
        return None
    found.record(request.user, "deleted", link="")
    found.delete()
    return found


def one_of(request: MemberRequest, pk: int) -> Campaign:
    """A campaign that the user may see, with its numbers."""
    found = counted(Campaign.objects.visible_to(request.user).filter(pk=pk), request.user)
    if not found:
        raise Http404
    return found[0]
