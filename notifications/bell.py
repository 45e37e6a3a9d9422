"""What one user's bell shows."""

from collections.abc import Collection, Mapping
from functools import cached_property
from typing import NamedTuple

from django.db.models import Count, Max, Q
from django.template.loader import render_to_string

from pipeline.candidates.sight import Sight, sight_of
from pipeline.workspaces.models import Membership, User

from .models import Notice, NoticeQuerySet

LATEST = 20  # in the panel; the history has them all
MOST = 99  # a badge is small


class BellNumbers(NamedTuple):
    total: int
    unread: int
    newest: int
    newest_unread: int

    @property
    def version(self) -> int:
        """A number that grows with each new and each read notice: a page drops what is older.

        All there are and those that are read, as neither of them is ever fewer than before.
        """
        return 2 * self.total - self.unread


class Bell:
    """The bell of one user. The count costs one query, the list another, when looked into."""

    def __init__(self, user: User | int) -> None:
        self.member = None if isinstance(user, int) else user
        self.user = user if isinstance(user, int) else user.pk

    @property
    def stored(self) -> NoticeQuerySet:
        return Notice.objects.filter(user=self.user)

    @cached_property
    def notices(self) -> list[Notice]:
        notices = list(self.stored[:LATEST])
        return as_seen(sight_of(self.member), notices) if self.member else notices

    @cached_property
    def numbers(self) -> BellNumbers:
        is_unread = Q(read_at=None)
        found = self.stored.aggregate(
            total=Count("pk"),
            unread=Count("pk", filter=is_unread),
            newest=Max("pk", default=0),
            newest_unread=Max("pk", filter=is_unread, default=0),
        )
        return BellNumbers(**found)

    @property
    def unread(self) -> int:
        return self.numbers.unread

    @property
    def badge(self) -> str:
        return f"{MOST}+" if self.unread > MOST else str(self.unread)

    @property
    def version(self) -> int:
        return self.numbers.version

    @property
    def newest(self) -> int:
        return self.numbers.newest

    @property
    def is_newest_unread(self) -> bool:
        """Whether the newest notice is unread, so that it is announced."""
        return 0 < self.newest == self.numbers.newest_unread


def render_bells(numbers: Mapping[int, BellNumbers]) -> dict[int, str]:
    """Render the bells of these users, whose numbers are known, as HTML by user id.

    Two queries, however many they are; and what each of those sees who are limited to openings.
    """
    latest = latest_notices([user for user, counted in numbers.items() if counted.total])
    sights = sights_of_limited(latest)
    html: dict[int, str] = {}
    for user, counted in numbers.items():
        bell = Bell(user)
        bell.numbers = counted
        bell.notices = as_seen(sights.get(user), latest.get(user, []))
        html[user] = render_to_string("notifications/_bell.html", {"bell": bell})
    return html


def as_seen(sight: Sight | None, notices: list[Notice]) -> list[Notice]:
    """Hide the names of openings the user doesn't see (any more) in the notices' texts."""
    for notice in notices if sight else ():
        assert sight
        notice.text = sight.clean(notice.text)
    return notices


def sights_of_limited(users: Collection[int]) -> dict[int, Sight]:
    """Return what each of these users sees, for those who are limited to some openings."""
    if not users:
        return {}
    members = Membership.objects.filter(user__in=list(users), is_limited=True)
    return {member.user_id: sight_of(member.user) for member in members.select_related("user")}


def latest_notices(users: Collection[int]) -> dict[int, list[Notice]]:
    latest: dict[int, list[Notice]] = {}
    if users:
        for notice in Notice.objects.raw(LATEST_OF_EACH, [list(users), LATEST]):
            latest.setdefault(notice.user_id, []).append(notice)
    return latest


LATEST_OF_EACH = """
SELECT notice.* FROM unnest(%s::bigint[]) AS asked (id)
CROSS JOIN LATERAL (
    SELECT * FROM notifications_notice WHERE user_id = asked.id ORDER BY id DESC LIMIT %s
) notice
ORDER BY notice.user_id, notice.id DESC
"""
