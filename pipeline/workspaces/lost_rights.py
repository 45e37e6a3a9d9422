"""Whether the person who gave an order may still give it: asked before it is carried out."""

from django.utils.translation import gettext as _

from .models import User

STARTERS = "an Owner, Admin or Recruiter"


def why_not_active(user: User | None, workspace_id: int, who: str = "who started it") -> str:
    """Why `user` no longer belongs to the workspace, as a sentence; empty while they do.

    Reads the membership: fetch it with the user where one query is to be enough. `who` says what
    the person has to do with what is stopped. None is somebody whose user was deleted.
    """
    membership = getattr(user, "membership", None)
    if user is None or membership is None or membership.workspace_id != workspace_id:
        return f"{user or 'The person'}, {who}, is no longer a member of this workspace."
    return "" if user.is_active else f"{user}, {who}, has been deactivated."


def why_not_starter(
    user: User | None, workspace_id: int, what: str, who: str = "who started it"
) -> str:
    """As `why_not_active`, or why the user's role no longer allows `what`, such as "Sharing"."""
    if gone := why_not_active(user, workspace_id, who):
        return gone
    assert user is not None
    member = user.membership
    if member.can_start:
        return ""
    return _("%(user)s, %(who)s, now has the role %(role)s. %(what)s requires %(starters)s.") % {
        "user": user,
        "who": who,
        "role": member.get_role_display(),
        "what": what,
        "starters": STARTERS,
    }
