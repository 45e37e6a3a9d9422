"""How many tasks of each state a campaign has, of those that the user may see."""

from django.db.models import OuterRef, QuerySet

from pipeline.foundation.counts import MOST, CountOf, Number
from pipeline.outreach.models import Campaign, CampaignQuerySet
from pipeline.tasks.models import Task
from pipeline.tasks.models.states import State
from pipeline.workspaces.models import User


def counted(campaigns: CampaignQuerySet, user: User) -> list[Campaign]:
    """These campaigns, each with the `numbers` of its tasks by state. One query for all of them."""
    counts = {f"count_{state}": CountOf(some_tasks(user, state)) for state in State.values}
    found = list(campaigns.annotate(**counts))
    for campaign in found:
        numbers = {state: Number(getattr(campaign, f"count_{state}")) for state in State.values}
        campaign.numbers = numbers  # type: ignore[attr-defined]
    return found


def some_tasks(user: User, state: str) -> QuerySet[Task, str]:
    """Of the campaign of the outer query, those in that state: as many as are counted.

    The campaign is the user's workspace's, so are its tasks; index `task_campaign_state` answers
    alone, without a look at the tasks.
    """
    tasks = Task.objects.filter(campaign=OuterRef("pk"), state=state)
    if user.membership.is_limited:
        openings = user.membership.openings.values_list("pk", flat=True)
        tasks = tasks.filter(opening__in=list(openings))
    return tasks.order_by().values_list("state", flat=True)[: MOST + 1]
