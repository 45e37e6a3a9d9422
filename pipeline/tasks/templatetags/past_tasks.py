from typing import Any

from django import template

from pipeline.candidates.models import Candidate
from pipeline.tasks.models import Task
from pipeline.tasks.past.journeys import journey_url
from pipeline.tasks.states import State

register = template.Library()

OPEN_SHOWN = 20
PAST_SHOWN = 5


@register.inclusion_tag("tasks/_past_canceled_by.html")
def canceled_by(task: Task) -> dict[str, Any]:
    """Who or what canceled it; a journey as a link."""
    return {"task": task, "link": journey_url(task.canceled_by_journey_id)}


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
