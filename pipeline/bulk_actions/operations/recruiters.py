"""Members who can own candidates."""

from typing import Any

from django import forms
from django.db.models import QuerySet

from pipeline.candidates.models import Opening
from pipeline.workspaces.models import Membership, User


def recruiters_for(user: User) -> QuerySet[Membership]:
    """The members of the user's workspace whose role takes care of candidates, by name."""
    members = Membership.objects.filter(
        workspace=user.membership.workspace_id,
        role__in=Membership.STARTERS,
        user__is_active=True,
    )
    return members.select_related("user").order_by("user__first_name", "user__last_name", "pk")


class RecruiterField(forms.ModelChoiceField[Membership]):
    def __init__(self, **options: Any) -> None:
        super().__init__(Membership.objects.none(), **options)

    def label_from_instance(self, member: Membership) -> str:
        return str(member.user)


def sees(recruiter: Membership, opening_id: int) -> bool:
    """Whether the recruiter may see that opening of the same workspace."""
    is_given = Opening.objects.filter(pk=opening_id, members=recruiter)
    return not recruiter.is_limited or is_given.exists()
