"""What can be done with a task. Who comes too late reads who or what was faster."""

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect, trigger_client_event

from pipeline.candidates.sight import sight_of
from pipeline.foundation.answers import put_into
from pipeline.tasks.models import Task
from pipeline.tasks.next_task import take_next_task
from pipeline.workspaces.access import MembersWho
from pipeline.workspaces.requests import MemberRequest

from .forms import CallbackForm, CompleteForm, NotesForm, StopForm
from .views import find, page
from .why_empty import why_nothing

workers_only = MembersWho(
    lambda member: member.can_work,
    "Working on tasks requires an Owner, Admin, Recruiter or Agent.",
    finds=find,
)


@require_POST
@workers_only
def take_next(request: MemberRequest) -> HttpResponse:
    return on_to_next(request)


def on_to_next(request: MemberRequest) -> HttpResponse:
    """To the page of the task that is the user's now; to the desk where none fits."""
    task = take_next_task(request.user)
    if task:
        return HttpResponseRedirect(task.get_absolute_url(), status=303)
    messages.info(request, why_nothing(request.user))
    return to_desk()


@require_POST
@workers_only
def accept(request: MemberRequest, pk: int) -> HttpResponse:
    task = find(request, pk)
    # It may be this agent's since a moment ago, when the answer got lost on its way.
    if task.accept(request.user) or task.is_mine(request.user):
        if request.htmx:
            return HttpResponseClientRedirect(task.get_absolute_url())
        return HttpResponseRedirect(task.get_absolute_url(), status=303)
    return answer(request, f"{name_of(task)} is not yours. {why_not(task)}", is_done=False)


@require_POST
@workers_only
def complete(request: MemberRequest, pk: int) -> HttpResponse:
    """Then on to the next task where that was asked for, else to the desk."""
    task = find(request, pk)
    form = CompleteForm(request.POST, task)
    if not form.is_valid():
        return page(request, task, status=422, complete_form=form)
    if not task.complete(request.user, **form.cleaned_data):
        return too_late(
            request, task, _("You could not complete this task."), form.cleaned_data["notes"]
        )
    messages.success(request, f"Completed: {name_of(task)}, {task.get_disposition_display()}.")
    return on_to_next(request) if "next" in request.POST else to_desk()


@require_POST
@workers_only
def callback(request: MemberRequest, pk: int) -> HttpResponse:
    task = find(request, pk)
    form = CallbackForm(request.POST, request.user, task)
    made = form.create_once() if form.is_valid() else None
    if made is None:
        # Said above the task, too, where the form is no longer on offer.
        is_late = not task.can_complete(request.user)
        late = " ".join(map(str, form.non_field_errors())) if is_late else ""
        late = sight_of(request.user).clean(late)
        return page(request, task, status=422, callback_form=form, too_late=late)
    messages.success(request, f"Scheduled a callback for {made.candidate}.")
    if form.cleaned_data["complete"]:
        return to_desk()
    return HttpResponseRedirect(task.get_absolute_url(), status=303)


@require_POST
@workers_only
def write_notes(request: MemberRequest, pk: int) -> HttpResponse:
    task = find(request, pk)
    form = NotesForm(request.POST)
    if not form.is_valid():
        return page(request, task, status=422, complete_form=CompleteForm(request.POST, task))
    if not task.write_notes(request.user, form.cleaned_data["notes"]):
        return too_late(request, task, "Your notes were not saved.", form.cleaned_data["notes"])
    messages.success(request, "Notes saved.")
    return HttpResponseRedirect(task.get_absolute_url(), status=303)


def too_late(request: MemberRequest, task: Task, what: str, notes: str) -> HttpResponse:
    """The page as it is now, with what was typed: nothing of it is lost."""
    sentence = sight_of(request.user).clean(f"{what} {task.what_happened}")
    return page(request, task, status=409, too_late=sentence, typed=notes)


@require_http_methods(["GET", "POST"])
@never_cache
@workers_only
def cancel(request: MemberRequest, pk: int) -> HttpResponse:
    """GET asks why, POST cancels: what was seen in the queue only there, not from an agent."""
    task = find(request, pk)
    form = StopForm(request.POST or None, task, needs_reason=True)
    if not task.can_cancel(request.user) or not form.is_valid():
        return ask(request, task, form, "cancel")
    stop = task.withdraw if task.is_assigned else task.cancel
    done = form.was_seen and stop(request.user, form.cleaned_data["reason"])
    return stopped(request, task, done, "Canceled", "cancel")


@require_http_methods(["GET", "POST"])
@never_cache
@workers_only
def release(request: MemberRequest, pk: int) -> HttpResponse:
    """GET asks why, POST puts it back into the queue: from the agent who was seen to have it."""
    task = find(request, pk)
    form = StopForm(request.POST or None, task, needs_reason=False)
    if not task.can_release(request.user) or not form.is_valid():
        return ask(request, task, form, "release")
    done = form.was_seen and task.release(request.user, form.cleaned_data["reason"])
    return stopped(request, task, done, "Released", "release")


def ask(request: MemberRequest, task: Task, form: StopForm, verb: str) -> HttpResponse:
    """The question; for who may not (any more), how the task stands."""
    may = task.can_cancel if verb == "cancel" else task.can_release
    context = {"task": task, "form": form, "verb": verb, "may": may(request.user)}
    template = "tasks/_stop_dialog.html" if request.htmx else "tasks/stop.html"
    # 200 for htmx: a browser reports any other answer to a script as an error in its console.
    is_refused = request.method == "POST" and not request.htmx
    response = render(request, template, context, status=422 if is_refused else 200)
    return put_into(response, "#dialog") if request.htmx else response


def stopped(request: MemberRequest, task: Task, done: bool, did: str, verb: str) -> HttpResponse:
    if done:
        return answer(request, f"{did}: {name_of(task)}.", is_done=True)
    if not request.htmx:
        return answer(request, f"Not {did.lower()}: {task.what_happened}", is_done=False)
    context = {"task": task, "verb": verb, "may": False}
    truth = render(request, "tasks/_stop_dialog.html", context)
    return trigger_client_event(put_into(truth, "#dialog"), "tasksChanged")


def answer(request: MemberRequest, sentence: str, is_done: bool) -> HttpResponse:
    """A sentence on the page that asked, which then looks at its tasks anew; else on the desk."""
    sentence = sight_of(request.user).clean(sentence)
    if not request.htmx:
        messages.add_message(request, messages.SUCCESS if is_done else messages.WARNING, sentence)
        return to_desk()
    context = {"sentence": sentence, "is_done": is_done}
    response = put_into(render(request, "tasks/_told.html", context), "#messages")
    if is_done:
        trigger_client_event(response, "closeDialog")
    return trigger_client_event(response, "tasksChanged")


def to_desk() -> HttpResponse:
    return HttpResponseRedirect(reverse("tasks:desk"), status=303)


def name_of(task: Task) -> str:
    return f"{task} for {task.candidate}"


def why_not(task: Task) -> str:
    """Why an accept failed."""
    if task.is_waiting and task.is_paused:
        return _(
            "Its campaign %(campaign)s is not ready, so no one can accept its tasks for now."
        ) % {"campaign": task.campaign}
    return task.what_happened
