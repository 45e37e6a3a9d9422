"""What one user's bell shows."""

from functools import cached_property

from django.db.models import Count, Max, Q

from pipeline.workspaces.models import User

from .models import Notice, NoticeQuerySet

LATEST = 20  # in the panel; the history has them all
MOST = 99  # a badge is small


class Bell:
    """The bell of one user. The count costs one query, the list another, when looked into."""

    def __init__(self, user: User) -> None:
        self.user = user

    @property
    def mine(self) -> NoticeQuerySet:
        return Notice.objects.visible_to(self.user)

    @cached_property
    def notices(self) -> list[Notice]:
        return list(self.mine[:LATEST])

    @cached_property
    def numbers(self) -> dict[str, int]:
        is_unread = Q(read_at=None)
        return self.mine.aggregate(
            total=Count("pk"),
            unread=Count("pk", filter=is_unread),
            newest=Max("pk", default=0),
            newest_unread=Max("pk", filter=is_unread, default=0),
        )

    @property
    def unread(self) -> int:
        return self.numbers["unread"]

    @property
    def badge(self) -> str:
        return f"{MOST}+" if self.unread > MOST else str(self.unread)

    @property
    def version(self) -> int:
        """Raised by each notice that comes and each that is read, so that the page drops the older.

        All there are and those that are read, as neither of them is ever fewer than before.
        """
        return 2 * self.numbers["total"] - self.unread

    @property
    def newest(self) -> int:
        return self.numbers["newest"]

    @property
    def is_newest_unread(self) -> bool:
        """Something to announce; not when an older one is left after the newest was read."""
        return 0 < self.newest == self.numbers["newest_unread"]
