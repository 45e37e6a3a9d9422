"""What a share's review page says of its link, and how the link is revoked."""

from dataclasses import dataclass

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from pipeline.bulk_actions.models import BulkAction, Status
from pipeline.bulk_actions.operations.share_with_reviewer import ShareWithReviewer
from pipeline.candidates.models.share import Share
from pipeline.candidates.sharing.links import link_to
from pipeline.outreach.models import Message, MessageStatus
from pipeline.workspaces.access import starters
from pipeline.workspaces.models import User
from pipeline.workspaces.requests import MemberRequest

from .review import visible_action


@dataclass(frozen=True)
class SharedLink:
    """The link of an action that ended, as `user` may see and change it."""

    action: BulkAction
    share: Share
    user: User

    @property
    def address(self) -> str:
        """The link itself: for who may give orders, and may see all that it shows."""
        is_mine = self.can_revoke and self.action.is_wholly_visible_to(self.user)
        return link_to(self.share) if is_mine and settings.PUBLIC_URL else ""

    @property
    def can_revoke(self) -> bool:
        return self.share.is_open and self.user.membership.can_start

    @property
    def was_sent(self) -> bool:
        """Or may have been, as far as anybody knows."""
        left = [MessageStatus.SENT, MessageStatus.UNCONFIRMED, MessageStatus.SENDING]
        messages = Message.objects.filter(bulk_action_id=self.action.pk, candidate=None)
        return messages.filter(status__in=left).exists()


def link_of(action: BulkAction, user: User) -> SharedLink | None:
    """None for an action that made none, or that was stopped before anybody got it."""
    if action.operation != ShareWithReviewer.key or action.is_active:
        return None
    share = Share.objects.filter(bulk_action_id=action.pk).first()
    link = SharedLink(action, share, user) if share else None
    was_stopped = action.status in (Status.CANCELED, Status.HALTED)
    return None if link and was_stopped and not link.was_sent else link


@require_POST
@starters("Revoking a link", finds=visible_action)
def revoke(request: MemberRequest, pk: int) -> HttpResponse:
    """End a shared link now."""
    action = visible_action(request, pk)
    share = Share.objects.filter(bulk_action_id=action.pk).first()
    if share is None:
        raise Http404(_("This bulk action does not share candidates."))
    with transaction.atomic():
        if share.revoke():
            action.audit("revoked the link of", request.user)
    messages.success(
        request,
        _("The link no longer works: %(reviewer)s can’t see the candidates any more.")
        % {"reviewer": share.reviewer},
    )
    return HttpResponseRedirect(action.get_absolute_url(), status=303)
