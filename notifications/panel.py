"""What one user's Progress Notification Panel shows."""

from functools import cached_property

from pipeline.bulk_actions.models import BulkAction, BulkActionQuerySet
from pipeline.workspaces.models import Membership, User

RECENT = 30  # rows; active actions are shown however many there are


class Panel:
    """The panel of one member. Costs one query, when it is first looked into."""

    def __init__(self, user: User, membership: Membership) -> None:
        self.user = user
        self.time_zone = membership.workspace.time_zone
        self.support_url = membership.workspace.support_url

    @cached_property
    def actions(self) -> list[BulkAction]:
        return list(in_panel_of(self.user).for_rows())

    @property
    def count(self) -> int:
        return sum(action.is_active for action in self.actions)


def in_panel_of(user: User) -> BulkActionQuerySet:
    """All active actions that the user may see and the latest others, newest first."""
    mine = BulkAction.objects.visible_to(user)
    latest = mine.order_by("-pk").values("pk")[:RECENT]
    # A union, as PostgreSQL would walk all actions there are for "active or among the latest".
    shown = mine.active().order_by().values("pk").union(latest)
    return BulkAction.objects.filter(pk__in=shown).order_by("-pk")
