"""How many tasks of each state a campaign has, of those that the user may see."""

from dataclasses import dataclass

from django.contrib.humanize.templatetags.humanize import intcomma
from django.db.models import IntegerField, OuterRef, QuerySet, Subquery

from pipeline.outreach.campaigns import CampaignQuerySet
from pipeline.outreach.models import Campaign
from pipeline.tasks.models import Task
from pipeline.tasks.states import State
from pipeline.workspaces.models import User

MOST = 10_000  # counted so far, as everywhere


class CountOf(Subquery):
    """How many rows a queryset has: it is to be cut, so that nobody counts millions."""

    template = "(SELECT count(*) FROM (%(subquery)s) AS counted)"
    output_field = IntegerField()
    empty_result_set_value = 0  # for a member of no opening


@dataclass(frozen=True)
class Number:
    """A count as pages say it: up to 10,000, beyond that "10,000+"."""

    value: int

    def __str__(self) -> str:
        return f"{intcomma(MOST)}+" if self.value > MOST else str(intcomma(self.value))

    def __bool__(self) -> bool:
        return self.value > 0


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
