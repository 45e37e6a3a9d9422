"""The ways in which a member loses the right to what they ordered."""

from collections.abc import Callable

from pipeline.candidates.models import Opening
from pipeline.workspaces import memberships
from pipeline.workspaces.models import Membership, Role, User

Lose = Callable[[User, User], object]


def deactivate(user: User, owner: User) -> object:
    return memberships.deactivate(user.membership, by=owner)


def demote(user: User, owner: User) -> object:
    return memberships.change(user.membership, Role.AGENT, None, by=owner)


def limit(user: User, owner: User) -> object:
    """To all openings but the oldest, which is the one that tests give orders in."""
    elsewhere = Opening.objects.exclude(pk=Opening.objects.order_by("pk")[0].pk)
    ids = elsewhere.values_list("pk", flat=True)
    return memberships.change(user.membership, Role.RECRUITER, ids, by=owner)


def remove(user: User, owner: User) -> object:
    return Membership.objects.filter(user=user).delete()


EACH: tuple[Lose, ...] = (deactivate, demote, limit, remove)
