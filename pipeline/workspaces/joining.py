"""How a person comes into a workspace: a user without a password, and a link to choose one."""

import re
from datetime import datetime

from django.conf import settings
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.core.mail import send_mail
from django.db import transaction
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from pipeline.foundation import database_clock

from .models import Membership, User


class PasswordTokens(PasswordResetTokenGenerator):
    """Django's tokens, whose age goes by the database's clock."""

    def _now(self) -> datetime:
        return database_clock.now().replace(tzinfo=None)


PASSWORD_TOKENS = PasswordTokens()
DAYS = int(settings.PASSWORD_RESET_TIMEOUT // 86_400)  # for which a link works


def awaits_password(user: User) -> bool:
    """Whether nobody has used this login yet: only then may somebody else be given a link to it.

    Never for the operator's own people, whose login opens more than this workspace.
    """
    has_begun = user.has_usable_password() or user.last_login is not None
    return user.is_active and not has_begun and not user.is_staff and not user.is_superuser


class HasPassword(Exception):
    """The login is in use: nobody else may start a change of its password."""


def send_invitation(request: HttpRequest, member: Membership, by: User) -> None:
    """Mail `member` a new link to choose a password; the links before it end.

    The link is in that mail and nowhere else: whoever invites must not be able to log in as the
    invited. Raises HasPassword, or what the mail backend raises when it can't.
    """
    user = with_new_token(member.user)
    context = {"member": member, "by": by, "link": password_link(request, user), "days": DAYS}
    subject = re.sub(r"\s+", " ", f"{by} has added you to {member.workspace} on Belay")
    body = render_to_string("settings/invitation.txt", context)
    send_mail(subject, body, None, [user.email])


@transaction.atomic
def with_new_token(user: User) -> User:
    """The user, whose links so far are void. Raises HasPassword when a password was just chosen."""
    user = User.objects.select_for_update().get(pk=user.pk)
    if not awaits_password(user):
        raise HasPassword
    user.set_unusable_password()  # another one, and tokens are made from it
    user.save(update_fields=["password"])
    return user


def password_link(request: HttpRequest, user: User) -> str:
    """The address of the page on which `user` chooses a password: it works once, for DAYS.

    Django's token ends with the first password. Where Belay is says the operator's PUBLIC_URL,
    the request's host only where that is not set.
    """
    values = {
        "uidb64": urlsafe_base64_encode(force_bytes(user.pk)),
        "token": PASSWORD_TOKENS.make_token(user),
    }
    path = reverse("password", kwargs=values)
    public = settings.PUBLIC_URL.rstrip("/")
    return f"{public}{path}" if public else request.build_absolute_uri(path)
