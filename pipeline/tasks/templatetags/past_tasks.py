from datetime import datetime
from typing import Any

from django import template
from django.utils import dateformat, timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from pipeline.candidates.models import Candidate
from pipeline.candidates.sight import sight_of
from pipeline.tasks.models import Task
from pipeline.tasks.models.states import State
from pipeline.tasks.past.journeys import canceled_url, journey_url
from pipeline.workspaces.models import User

register = template.Library()

OPEN_SHOWN = 20
PAST_SHOWN = 5


COLORS = {
    State.IN_QUEUE: "bg-yellow-lt",
    State.ASSIGNED: "bg-azure-lt",
    State.COMPLETED: "bg-green-lt",
    State.CANCELED: "bg-secondary-lt",
}


# Not as templates of their own: a page has two hundred of these, and would spend its time there.
@register.filter
def when(at: datetime) -> SafeString:
    """Day and time where the user is, broken between the two alone."""
    local = timezone.localtime(at)
    return format_html(
        '<time datetime="{}"><span class="text-nowrap">{},</span> {}</time>',
        local.isoformat(),
        dateformat.format(local, "j M Y"),
        f"{local:%H:%M}",
    )


@register.filter
def state_color(task: Task) -> str:
    """The badge's class."""
    return COLORS[State(task.state)]


@register.simple_tag
def canceled_by(task: Task, user: User) -> SafeString:
    """Who or what canceled it: a journey as a link, with its block and what that did."""
    clean = sight_of(user).clean
    who = linked(journey_url(task.canceled_by_journey_id), clean(task.canceled_by_text))
    if not task.canceled_by_block:
        return who
    block = linked(canceled_url(task), clean(task.canceled_by_block))
    return format_html('{}<div class="text-secondary small">{}</div>', who, block)


def linked(address: str, text: str) -> SafeString:
    return format_html('<a href="{}">{}</a>' if address else "{1}", address, text)


@register.inclusion_tag("tasks/_candidate_tasks.html", takes_context=True)
def candidate_tasks(context: template.Context, candidate: Candidate) -> dict[str, Any]:
    """The candidate's tasks that the user sees: the open ones, and the latest past ones."""
    user = context["user"]
    tasks = Task.objects.visible_to(user).for_candidate(candidate)
    opened = tasks.filter(state__in=[State.IN_QUEUE, State.ASSIGNED]).order_by("-pk")
    shown = list(opened[: OPEN_SHOWN + 1])
    return {
        "candidate": candidate,
        "can_work": user.membership.can_work,
        "open": shown[:OPEN_SHOWN],
        "has_more_open": len(shown) > OPEN_SHOWN,
        "past": tasks.past().order_by("-ended_at", "-pk")[:PAST_SHOWN],
    }
