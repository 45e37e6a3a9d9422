"""The link in each e-mail by which its reader stops them, without a login."""

from typing import NamedTuple

from django.conf import settings
from django.core import signing
from django.urls import reverse

from .models import Channel, Message

SALT = "pipeline.outreach.unsubscribing"


class Reader(NamedTuple):
    workspace_id: int
    address: str


def link_for(message: Message) -> str:
    """Where the reader of an e-mail opts out; empty for other messages.

    Empty also where PUBLIC_URL is not set, as nobody then knows where Belay is, and for an e-mail
    to somebody who is no candidate: a reviewer.
    """
    if message.channel != Channel.EMAIL or not message.candidate_id or not settings.PUBLIC_URL:
        return ""
    token = signer().sign_object([message.workspace_id, message.address.lower()])
    return f"{settings.PUBLIC_URL.rstrip('/')}{reverse('outreach:unsubscribe', args=[token])}"


def reader_of(token: str) -> Reader | None:
    """Who a link was made for; None for one that was not made here."""
    try:
        workspace_id, address = signer().unsign_object(token)
    except (signing.BadSignature, ValueError):
        return None
    return Reader(workspace_id, address)


def signer() -> signing.Signer:
    return signing.Signer(salt=SALT)  # made when needed: not every command has a secret key


def footer(message: Message) -> str:
    link = link_for(message)
    return f"\n\n--\nYou can stop these e-mails here: {link}\n" if link else ""


def headers(message: Message) -> dict[str, str]:
    """For the button that mail programs show, which posts without a page: RFC 8058."""
    link = link_for(message)
    if not link:
        return {}
    return {
        "List-Unsubscribe": f"<{link}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
