"""Looking at what journeys do: all of them with their numbers, the runs of one, one run's log."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.db.models import OuterRef, QuerySet
from django.db.models.functions import Now
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from pipeline.foundation.counts import MOST, CountOf, Number
from pipeline.foundation.paging.newest_first import page_of
from pipeline.journeys.editor.access import can_edit, can_stop_all, editors_only, journey_of
from pipeline.journeys.models import Journey, Run, RunState
from pipeline.journeys.reasons import Code, because
from pipeline.journeys.writing.stop import stop_runs
from pipeline.tasks.models import Task
from pipeline.workspaces.requests import MemberRequest

from .run_filter import RunFilter

PAGE = 25  # journeys: each brings four counts
RUNS = 50
LATELY = timedelta(days=7)


@require_safe
def index(request: MemberRequest) -> HttpResponse:
    """By name; a page begins after the name `after`."""
    journeys = Journey.objects.visible_to(request.user).select_related("version").order_by("name")
    if after := request.GET.get("after", ""):
        journeys = journeys.filter(name__gt=after)
    counts = {name: CountOf(rows) for name, rows in counted(request).items()}
    found = list(journeys.annotate(**counts)[: PAGE + 1])
    rows = [
        (journey, {name: Number(getattr(journey, name)) for name in counts})
        for journey in found[:PAGE]
    ]
    context = {
        "rows": rows,
        "next": found[PAGE - 1].name if len(found) > PAGE else None,
        "is_later_page": bool(after),
        "can_edit": can_edit(request.user),
    }
    return render(request, "journeys/list.html", context)


def counted(request: MemberRequest) -> dict[str, QuerySet[Any, Any]]:
    """Of the journey of the outer query, what the user may see: as many as are counted."""
    runs = Run.objects.visible_to(request.user).filter(journey=OuterRef("pk")).order_by()
    lately = Now() - LATELY
    tasks = Task.objects.visible_to(request.user).past().order_by()
    counts: dict[str, QuerySet[Any, Any]] = {
        "running": runs.filter(state=RunState.RUNNING),
        "started_lately": runs.filter(started_at__gt=lately),
        "finished_lately": runs.filter(state=RunState.FINISHED, ended_at__gt=lately),
        "tasks_canceled": tasks.filter(canceled_by_journey_id=OuterRef("pk")),
    }
    return {name: rows.values("pk")[: MOST + 1] for name, rows in counts.items()}


@require_safe
def runs(request: MemberRequest, pk: int) -> HttpResponse:
    """The newest first, filtered."""
    journey = journey_of(request.user, pk)
    narrowed = RunFilter(request.GET, Run.objects.visible_to(request.user), journey, request.user)
    found = narrowed.qs.select_related("candidate__opening", "version").defer(
        "candidate__attributes", "version__definition"
    )
    page = page_of(found, request.GET, RUNS)
    context = {
        "journey": journey,
        "filter": narrowed,
        "runs": page.rows,
        "can_stop_all": can_stop_all(request.user, journey),
        **page.links,
    }
    return render(request, "journeys/runs.html", context)


@require_safe
def run(request: MemberRequest, pk: int, run: int) -> HttpResponse:
    """One run: where it stands, and every block that it passed."""
    found = one_of(request, pk, run)
    context = {
        "journey": found.journey,
        "run": found,
        "log": found.log.all(),
        "can_stop": found.state == RunState.RUNNING and can_edit(request.user),
    }
    return render(request, "journeys/run.html", context)


@require_POST
@editors_only
def stop(request: MemberRequest, pk: int, run: int) -> HttpResponse:
    found = one_of(request, pk, run)
    reason = because(Code.STOPPED_BY_HAND, by=str(request.user))
    if stop_runs(Run.objects.filter(pk=found.pk), reason):
        messages.success(request, _("Run stopped. It takes no further steps."))
    else:
        messages.error(request, "Nothing was changed: the run had already ended.")
    return redirect("journeys:run", pk=pk, run=run)


def one_of(request: MemberRequest, pk: int, run: int) -> Run:
    visible = Run.objects.visible_to(request.user).filter(journey=journey_of(request.user, pk))
    related = visible.select_related("journey", "version", "candidate__opening")
    return get_object_or_404(related, pk=run)
