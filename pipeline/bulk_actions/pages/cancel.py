"""Views that confirm and cancel one or all bulk actions."""

from typing import Any, cast

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.formats import localize
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods
from django_htmx.http import trigger_client_event

from pipeline.bulk_actions.models import BulkAction
from pipeline.bulk_actions.progress import Progress
from pipeline.bulk_actions.seen import all_seen_by, seen_by
from pipeline.candidates.sight import sight_of
from pipeline.foundation.answers import put_into
from pipeline.foundation.fence import watched
from pipeline.workspaces.models import User
from pipeline.workspaces.requests import MemberRequest

NAMED = 8  # of the active ones in the question about all; the rest are counted
MOST_ROWS = 40  # in the answer: where more were stopped, the panel hears of the others by itself


@require_http_methods(["GET", "POST"])
@never_cache
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """GET asks, POST cancels. Whoever sees the action may, whatever the role."""
    action = get_object_or_404(BulkAction.objects.visible_to(request.user).for_rows(), pk=pk)
    is_htmx = request.headers.get("HX-Request") == "true"
    if request.method == "GET":
        template = "_cancel_dialog.html" if is_htmx else "cancel.html"
        shown = seen_by(sight_of(request.user), action)
        return render(request, f"bulk_actions/{template}", {"action": shown})
    is_mine = action.cancel(by=cast("User", request.user))
    shown = seen_by(sight_of(request.user), action)
    return answer_htmx(request, shown, is_mine) if is_htmx else answer(request, shown, is_mine)


def answer(request: HttpRequest, action: BulkAction, is_mine: bool) -> HttpResponse:
    progress = Progress(action)
    sentence = progress.ended_sentence if is_mine else progress.already_sentence
    messages.add_message(request, messages.SUCCESS if is_mine else messages.WARNING, sentence)
    return HttpResponseRedirect(action.get_absolute_url(), status=303)


def answer_htmx(request: HttpRequest, action: BulkAction, is_mine: bool) -> HttpResponse:
    """The row as it is now; and for who came too late, in the dialog, what came first."""
    row = render_to_string("bulk_actions/_row.html", {"action": action, "oob": True})
    if is_mine:
        return trigger_client_event(HttpResponse(row), "closeDialog")
    truth = render_to_string("bulk_actions/_cancel_dialog.html", {"action": action})
    return put_into(HttpResponse(truth + row), "#dialog")


class AllForm(forms.Form):
    """Which ones the question listed: what was started since then was not asked about."""

    action = forms.ModelMultipleChoiceField(BulkAction.objects.none(), required=False)

    def __init__(self, *args: Any, user: User) -> None:
        super().__init__(*args)
        self.visible = BulkAction.objects.visible_to(user).for_rows()
        self.fields["action"].queryset = self.visible  # type: ignore[attr-defined]

    @property
    def actions(self) -> list[BulkAction]:
        """Newest first. Without a list, all that are active: then nobody was asked."""
        return list(self.cleaned_data["action"] or self.visible.active())


@require_http_methods(["GET", "POST"])
@never_cache
def cancel_all(request: MemberRequest) -> HttpResponse:
    """GET lists what is active, POST cancels what was listed. Whoever sees an action may."""
    if request.method == "GET":
        return ask_all(request)
    form = AllForm(request.POST, user=request.user)
    if not form.is_valid():
        return ask_all(request, is_refused=True)
    actions = form.actions
    with watched(even_at_work=True):  # one patience for all of them
        won = [action.cancel(by=request.user) for action in actions]
    sentence = result_of(won.count(True), won.count(False))
    if not request.htmx:
        messages.add_message(request, messages.SUCCESS if all(won) else messages.WARNING, sentence)
        return HttpResponseRedirect(reverse("bulk_actions:history"), status=303)
    some = all_seen_by(sight_of(request.user), actions[:MOST_ROWS])
    rows = [
        render_to_string("bulk_actions/_row.html", {"action": action, "oob": True})
        for action in some
    ]
    more = len(actions) - len(some)
    context = {"told": sentence, "ended": [Progress(action) for action in some], "more": more}
    truth = render_to_string("bulk_actions/_cancel_all_result.html", context)
    return put_into(HttpResponse(truth + "".join(rows)), "#dialog")


def ask_all(request: MemberRequest, is_refused: bool = False) -> HttpResponse:
    active = BulkAction.objects.visible_to(request.user).active().for_rows()
    actions = all_seen_by(sight_of(request.user), active)
    context = {
        "is_partly": any(action.whole for action in actions),
        "actions": actions,
        "named": actions[:NAMED],
        "more": len(actions[NAMED:]),
        **what_a_stop_leaves(actions),
        "is_refused": is_refused,
    }
    template = "_cancel_all_dialog.html" if request.htmx else "cancel_all.html"
    # 200 for htmx: a browser reports any other answer to a script as an error in its console.
    status = 422 if is_refused and not request.htmx else 200
    response = render(request, f"bulk_actions/{template}", context, status=status)
    return put_into(response, "#dialog") if request.htmx else response


def what_a_stop_leaves(actions: list[BulkAction]) -> dict[str, int]:
    """How many candidates would stay changed, and how many would not be touched.

    Nothing where the numbers of one are not shown.
    """
    if any(action.hides_counts for action in actions):
        return {}
    kept = [action for action in actions if not Progress(action).comes_to_nothing]
    kept_ids = {action.pk for action in kept}
    return {
        "changed": sum(action.changed for action in kept),
        "untouched": sum(
            action.untouched if action.pk in kept_ids else action.total for action in actions
        ),
    }


def result_of(canceled: int, ended: int) -> str:
    """ "3 canceled, 1 had already ended." """
    return (
        f"{localize(canceled)} canceled{f', {localize(ended)} had already ended' if ended else ''}."
    )
