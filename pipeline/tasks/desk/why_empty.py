"""Why *Next task* had nothing for an agent, though there may be tasks in the queue."""

from django.db.models import Count, Min, Q
from django.utils.formats import localize
from django.utils.translation import gettext as _

from pipeline.foundation import database_clock
from pipeline.foundation.words import clock
from pipeline.outreach.models import Campaign
from pipeline.tasks.models import Task
from pipeline.tasks.models.types import TIMED
from pipeline.tasks.next_task import Skills
from pipeline.workspaces.models import User

LOOK = 10_000  # tasks that are looked at for the reasons


def why_nothing(user: User) -> str:
    """ "Nothing for you now. Of the waiting tasks, 3 are due later, the first at 14:30." """
    skills = Skills.of(user)
    ready = Campaign.objects.ready().filter(workspace=user.membership.workspace_id)
    is_held = Q(campaign__isnull=False) & ~Q(campaign__in=ready)
    fits = Q(type__in=skills.types)
    if skills.openings is not None:
        fits &= Q(opening__in=skills.openings)
    is_later = Q(type__in=TIMED, due_at__gt=database_clock.now()) & fits & ~is_held
    seen = Task.objects.visible_to(user).waiting()
    found = Task.objects.filter(pk__in=seen.values("pk")[:LOOK]).aggregate(
        all=Count("pk"),
        held=Count("pk", filter=is_held),
        unfit=Count("pk", filter=~fits & ~is_held),
        later=Count("pk", filter=is_later),
        first=Min("due_at", filter=is_later),
    )
    if not found["all"]:
        return _("There are no waiting tasks. New tasks appear here automatically.")
    reasons = []
    if found["later"]:
        first = f"due later, the first at {clock(found['first'])}"
        reasons.append(f"{counted(found['later'])} {first}")
    if found["held"]:
        reasons.append(f"{counted(found['held'])} in campaigns that are paused")
    if found["unfit"]:
        reasons.append(f"{counted(found['unfit'])} outside your skills, which an Owner can change")
    if not reasons:
        return _(
            "There is nothing for you right now: other agents are accepting the last "
            "tasks. Try again in a moment."
        )
    return _("There is nothing for you right now. Waiting: %(reasons)s.") % {
        "reasons": "; ".join(reasons)
    }


def counted(number: int) -> str:
    return f"{localize(number)}{'+' if number == LOOK else ''}"
