"""How a person comes into a workspace: a user without a password, and a link to choose one."""

import re

from django.contrib.auth.tokens import default_token_generator
from django.core.mail import send_mail
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from .models import Membership, User


def awaits_password(user: User) -> bool:
    """Whether nobody has used this login yet: only then may somebody else be given a link to it.

    Never for the operator's own people, whose login opens more than this workspace.
    """
    has_begun = user.has_usable_password() or user.last_login is not None
    return user.is_active and not has_begun and not user.is_staff and not user.is_superuser


def password_link(request: HttpRequest, user: User) -> str:
    """The address of the page on which `user` chooses a password: it works once, for some days.

    How many is PASSWORD_RESET_TIMEOUT; Django's token ends with the first password.
    """
    values = {
        "uidb64": urlsafe_base64_encode(force_bytes(user.pk)),
        "token": default_token_generator.make_token(user),
    }
    return request.build_absolute_uri(reverse("password", kwargs=values))


def send_invitation(member: Membership, by: User, link: str) -> None:
    """Mail the link. Raises what the mail backend raises when it can't."""
    context = {"member": member, "by": by, "link": link}
    subject = re.sub(r"\s+", " ", f"{by} has added you to {member.workspace} on Belay")
    body = render_to_string("settings/invitation.txt", context)
    send_mail(subject, body, None, [member.user.email])
