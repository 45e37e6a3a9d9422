"""What a Progress Notification Panel shows."""

from functools import cached_property
from typing import Any

from django.db.models import QuerySet

from pipeline.bulk_actions.models import BulkAction, BulkActionQuerySet
from pipeline.bulk_actions.seen import all_seen_by
from pipeline.candidates.sight import sight_of
from pipeline.workspaces.models import Membership, User

# A row has 1.2 kB, and every page has the panel: the history has the others.
MOST_ACTIVE = 40
MOST_ENDED = 30


class Panel:
    """The panel of one member. Costs one query, when it is first looked into, and two where more
    are active than it lists."""

    def __init__(self, user: User, membership: Membership) -> None:
        self.user = user
        self.time_zone = membership.workspace.tz.key
        self.support_url = membership.workspace.support_url

    @cached_property
    def actions(self) -> list[BulkAction]:
        return all_seen_by(sight_of(self.user), in_panel_of(self.user).for_rows())

    @cached_property
    def count(self) -> int:
        """How many are active, listed or not."""
        listed = sum(action.is_active for action in self.actions)
        if listed < MOST_ACTIVE:
            return listed
        return BulkAction.objects.visible_to(self.user).active().count()

    @property
    def more(self) -> int:
        """How many are active and not listed."""
        return max(0, self.count - MOST_ACTIVE)


def in_panel_of(user: User) -> BulkActionQuerySet:
    return in_panel(BulkAction.objects.visible_to(user))


def in_panel(visible: BulkActionQuerySet) -> BulkActionQuerySet:
    """What is listed of those that may be seen, newest first: some active ones, and the latest
    that have ended."""
    # "in_progress" comes before "in_queue": what changes candidates now is listed first.
    first = visible.active().order_by("status", "-pk").values("pk")[:MOST_ACTIVE]
    return either(first, visible)


def in_panel_or_active(visible: BulkActionQuerySet) -> BulkActionQuerySet:
    """The actions in the panel, and all other active ones."""
    return either(visible.active().order_by().values("pk"), visible)


def either(active: QuerySet[BulkAction, Any], visible: BulkActionQuerySet) -> BulkActionQuerySet:
    latest = visible.ended().order_by("-pk").values("pk")[:MOST_ENDED]
    # A union, as PostgreSQL would walk all actions there are for "active or among the latest".
    return BulkAction.objects.filter(pk__in=active.union(latest)).order_by("-pk")
