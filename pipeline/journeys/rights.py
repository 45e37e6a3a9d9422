"""Who may publish a journey, and whether the one by whom its schedule runs still may."""

from django.utils.translation import gettext as _

from pipeline.workspaces.lost_rights import why_not_starter
from pipeline.workspaces.models import Membership, User

from .models import Journey

WHO = "who published or resumed it last"


def may_publish(member: Membership) -> bool:
    """Who may start things, and sees all openings: a journey acts on all of them."""
    return member.can_start and not member.is_limited


def scheduler_of(journey: Journey) -> User | None:
    """The member by whose rights its schedule enrolls; None before it is published."""
    if journey.scheduled_by or not journey.version:
        return journey.scheduled_by
    return journey.version.published_by


def why_not_any_more(journey: Journey) -> str:
    """Why its schedule may enroll nobody, as a sentence; empty while it may."""
    by = scheduler_of(journey)
    if lost := why_not_starter(by, journey.workspace_id, "Publishing a journey", WHO):
        return lost
    assert by is not None
    return (
        ""
        if may_publish(by.membership)
        else _("%(by)s, %(who)s, can no longer see all openings.") % {"by": by, "who": WHO}
    )
