"""How far a member's rights go: nobody may give, or take over, more than the own."""

from dataclasses import dataclass
from typing import Self

from django.utils.translation import gettext as _

from .models import Membership, Role, User, membership_of

ORDER = list(Role)  # each may all that those after it may


@dataclass(frozen=True)
class Reach:
    role: Role
    can_export: bool
    openings: frozenset[int] | None  # the ids of those that are seen; None: all

    @classmethod
    def of(cls, member: Membership) -> Self:
        """Read the reach from the member's fields, saved or not."""
        openings: frozenset[int] | None = None
        if member.is_limited:
            given = member.openings.values_list("pk", flat=True) if member.pk else ()
            openings = frozenset(given)
        return cls(Role(member.role), member.can_export, openings)

    def beyond(self, own: "Reach") -> dict[str, str]:
        """Say what `own` lacks of it, a sentence for each field of a membership."""
        more = {}
        if ORDER.index(self.role) < ORDER.index(own.role):
            more["role"] = _("The role %(role)s has more permissions than your own, %(own)s.") % {
                "role": self.role.label,
                "own": own.role.label,
            }
        if own.openings is not None and self.openings is None:
            more["is_limited"] = _(
                "You can see only some openings, so this member must be limited too."
            )
        elif own.openings is not None and not (self.openings or frozenset()) <= own.openings:
            more["is_limited"] = _("This member can see openings that you can't see.")
        if self.can_export and not own.can_export:
            more["may_export"] = _(
                "You can't download lists, so this member can't either. Choose No."
            )
        return more


def reaches(user: User, other: User) -> bool:
    """Whether `other` is a member of the same workspace who may nothing that `user` may not."""
    own, their = membership_of(user), Membership.objects.filter(user=other).first()
    if own is None or their is None or own.workspace_id != their.workspace_id:
        return False
    return not Reach.of(their).beyond(Reach.of(own))
