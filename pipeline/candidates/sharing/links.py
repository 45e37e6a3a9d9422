"""The link to a share: whoever has it may look, so it can't be made up and holds no secret."""

from typing import Any

from django.conf import settings
from django.core import signing
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from pipeline.candidates.models.share import Share

# Without a time: until when it works is what the share says, which can be brought forward.
# Lazy, as not every command has a secret key.
SIGNER: Any = SimpleLazyObject(lambda: signing.Signer(salt="pipeline.candidates.sharing"))


def link_to(share: Share) -> str:
    """The whole address, as it goes into an e-mail. Always the same for the same share.

    Needs PUBLIC_URL, as a worker knows no request that would tell where Belay is.
    """
    path = reverse("shared", args=[SIGNER.sign_object(share.pk)])
    return f"{settings.PUBLIC_URL.rstrip('/')}{path}"


def share_of(token: str) -> Share | None:
    """Return the link's share, open or not; None for an invalid link or a share that is gone."""
    try:
        pk = SIGNER.unsign_object(token)
    except (signing.BadSignature, ValueError):
        return None
    shares = Share.objects.select_related("workspace", "created_by__membership")
    return shares.filter(pk=pk).first()
