"""Choosing a password by a mailed link, and an audit entry for each password that is set."""

from typing import Any

from django.contrib.auth.views import INTERNAL_RESET_SESSION_TOKEN, PasswordResetConfirmView
from django.db import transaction
from django.http import HttpResponse
from django.utils.translation import gettext as _

from .joining import PASSWORD_TOKENS
from .models import Membership, User
from .models.audit import record, request_now


class ChoosePassword(PasswordResetConfirmView):
    """The page behind an invitation's link: once, and only while the login is active."""

    template_name = "workspaces/password.html"
    token_generator = PASSWORD_TOKENS
    post_reset_login = True

    def get_user(self, uidb64: str) -> User | None:
        user = super().get_user(uidb64)
        return user if isinstance(user, User) and user.is_active else None

    @transaction.atomic
    def form_valid(self, form: Any) -> HttpResponse:
        """Save the password, unless the same link was just used in another browser."""
        assert self.user is not None  # Django shows the form to no one else
        user = User.objects.select_for_update().get(pk=self.user.pk)
        token = self.request.session.get(INTERNAL_RESET_SESSION_TOKEN)
        if not user.is_active or not PASSWORD_TOKENS.check_token(user, token):
            self.validlink = False
            return self.render_to_response(self.get_context_data())
        return super().form_valid(form)


class AuditedPasswords:
    """One of AUTH_PASSWORD_VALIDATORS: it refuses nothing, and hears of each password that is set.

    Whichever way it is set: by a mailed link, in the admin site or by a command. A hash that is
    only renewed at a login is no new password.
    """

    def validate(self, password: str, user: Any = None) -> None:
        pass

    def get_help_text(self) -> str:
        return _("Your workspace's audit records that your password was set, when and from where.")

    def password_changed(self, password: str, user: Any = None) -> None:
        """Record who set it; outside of a request that is the operator, by a command."""
        member = Membership.objects.filter(user=user.pk).select_related("workspace").first()
        if member is None or not user.has_usable_password():
            return
        by = setter_of(user)
        if by == user:
            record(member.workspace, by, "chose a password", f"for {user.email}")
        else:
            record(member.workspace, by, "set the password of", f"{user} ({user.email})")


def setter_of(user: User) -> User | None:
    """Return who sets the password: the logged-in user, or the user of the link."""
    request = request_now.get()
    if request is None:
        return None
    return request.user if isinstance(request.user, User) else user
