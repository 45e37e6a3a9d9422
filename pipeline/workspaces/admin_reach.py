"""Whom staff may change in Django admin, and what they may make of them: nothing above their own.

Staff can set passwords, so a role that they give, or whose login they change, is theirs to use.
"""

from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _

from .models import Membership, User, membership_of
from .reach import Reach, reaches


def may_touch(request: HttpRequest, user: User | None) -> bool:
    """Whether the request is a superuser's, or this is no login of the admin site itself and may
    nothing in its workspace that the one who asks may not. None asks in general."""
    asks = request.user
    if user is None or asks.is_superuser:
        return True
    assert isinstance(asks, User)
    return not (user.is_staff or user.is_superuser) and reaches(asks, user)


class ReachForm(forms.ModelForm[Membership]):
    """Refuses a membership that may more than that of `by`, who gives it."""

    by: ClassVar[User]

    def _post_clean(self) -> None:
        """Where Django has filled in the instance: what counts is what would be saved."""
        super()._post_clean()  # type: ignore[misc]
        if not self.errors and not self.by.is_superuser:
            for field, sentence in beyond(self.instance, self.by).items():
                self.add_error(field if field in self.fields else None, ValidationError(sentence))


def beyond(member: Membership, by: User) -> dict[str, str]:
    own = membership_of(by)
    if own is None:
        return {"role": _("You don’t belong to a workspace yourself.")}
    return Reach.of(member).beyond(Reach.of(own))


def reach_form(request: HttpRequest) -> type[ReachForm]:
    fields: dict[str, Any] = {"by": request.user}
    return type("ReachForm", (ReachForm,), fields)
