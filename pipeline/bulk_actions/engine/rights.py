"""Whether the person who ordered an action may still order it.

Looked at before each turn of a lane: who takes a right away stops what is still to be done by it.
"""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from pipeline.bulk_actions.models import BulkAction
from pipeline.bulk_actions.operations import Operation
from pipeline.candidates.models import Opening
from pipeline.workspaces.lost_rights import why_not_starter


def why_not_any_more(action: BulkAction, operation: Operation) -> str:
    """Why it may no longer be carried out, as a sentence for everybody who sees it; empty while it
    may.

    Costs no query where the action came with `started_by__membership`, but one for a limited
    member.
    """
    by = action.started_by
    if lost := why_not_starter(by, action.workspace_id, "Starting a bulk action"):
        return lost
    if not operation.may_be_ordered_by(by.membership):
        # The one right beside the role.
        return _("%(by)s, who started it, can no longer export.") % {"by": by}
    if not by.membership.is_limited:
        return ""
    # Only those that are still there: a deleted opening is nobody's loss.
    needed = Opening.objects.filter(pk__in=operation.openings_needed)
    hidden = needed.exclude(members=by.membership).count()
    if not hidden:
        return ""
    return ngettext(
        "%(by)s, who started it, can no longer see an opening of this bulk action.",
        "%(by)s, who started it, can no longer see %(number)s openings of this bulk action.",
        hidden,
    ) % {"by": by, "number": f"{hidden:,}"}


def cancel_if_lost(action: BulkAction, operation: Operation) -> bool:
    """Cancel what its owner may no longer order. True if so, whoever ended it first."""
    lost = why_not_any_more(action, operation)
    if lost:
        action.cancel(by=None, why=lost)
    return bool(lost)
