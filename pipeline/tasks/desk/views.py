"""The desk, and a task's own page: what is looked at. What is done is in desk/actions.py."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET
from django.views.decorators.vary import vary_on_headers

from pipeline.candidates.timeline import events_of
from pipeline.tasks.models import QUEUE_ORDER, Task
from pipeline.workspaces.models import User
from pipeline.workspaces.requests import MemberRequest

from .forms import CallbackForm, CompleteForm, seen
from .queue import Queue
from .queue_counts import standings_for

MOST_ASSIGNED = 50
EVENTS = 10  # of the candidate's timeline; its profile has them all
OTHERS = 20


@require_GET
@never_cache
@vary_on_headers("HX-Request")
def desk(request: MemberRequest) -> HttpResponse:
    """The queue with its filters; for htmx only what changes, asked for again by desk.js."""
    queue = Queue(request.GET, request.user)
    context = {
        "queue": queue,
        "mine": assigned_to(request.user),
        "standings": standings_for(request.user),
        "can_work": request.user.membership.can_work,
        "hears_tasks": True,
    }
    if not request.htmx:
        return render(request, "tasks/desk.html", context)
    response = render(request, "tasks/_lists.html", context)
    if request.htmx.trigger != "queue":  # which asks for the page that is shown
        response["HX-Push-Url"] = f"{reverse('tasks:desk')}?{queue.query}".rstrip("?")
    return response


def assigned_to(user: User) -> list[Task]:
    tasks = Task.objects.visible_to(user).assigned().filter(agent=user)
    return list(tasks.for_rows().order_by("pk")[:MOST_ASSIGNED])


@require_GET
@never_cache
@vary_on_headers("HX-Request")
def task_page(request: MemberRequest, pk: int) -> HttpResponse:
    """For htmx only where the task stands and what can be done with it."""
    task = find(request, pk)
    if request.htmx:
        return render(request, "tasks/_task.html", about(request, task))
    return page(request, task)


def find(request: MemberRequest, pk: int) -> Task:
    return get_object_or_404(Task.objects.visible_to(request.user).for_rows(), pk=pk)


def page(request: MemberRequest, task: Task, status: int = 200, **filled: Any) -> HttpResponse:
    """The whole page; `filled` has the forms that somebody filled in, or what has to be told."""
    others = Task.objects.visible_to(request.user).for_candidate(task.candidate).waiting()
    context = {
        "candidate": task.candidate,
        "events": events_of(task.candidate, request.user)[:EVENTS],
        "others": others.exclude(pk=task.pk)
        .select_related("campaign")
        .order_by(*QUEUE_ORDER)[:OTHERS],
    }
    return render(
        request, "tasks/task.html", context | about(request, task) | filled, status=status
    )


def about(request: MemberRequest, task: Task) -> dict[str, Any]:
    return {
        "task": task,
        "seen": seen(task),
        "can_work": request.user.membership.can_work,
        "is_mine": task.is_mine(request.user),
        "complete_form": CompleteForm(None, task),
        "callback_form": CallbackForm(None, request.user, task),
        "hears_tasks": True,
    }
