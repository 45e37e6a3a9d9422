"""How many bulk actions may be in queue or in progress: nobody's click fills the queue for all."""

from django.conf import settings
from django.utils.translation import gettext as _

from pipeline.bulk_actions.models import BulkAction
from pipeline.foundation.quotas import QuotaReached, one_at_a_time

WHAT_TO_DO = (
    "Nothing was started. Wait until some have ended, or cancel those that are no longer needed."
)


def check(action: BulkAction) -> None:
    """Raise QuotaReached where `action`, which has just been made, is one too many.

    Several that are made at the same moment may pass together, until `check_exactly`.
    """
    active = BulkAction.objects.active().filter(workspace=action.workspace_id).order_by()
    most = settings.ACTIVE_ACTIONS_PER_USER
    if active.filter(started_by=action.started_by_id).count() > most:
        raise QuotaReached(
            _(
                "You have %(most)s bulk actions in queue or in progress, the maximum for "
                "one member. %(what_to_do)s"
            )
            % {"most": f"{most:,}", "what_to_do": WHAT_TO_DO}
        )
    most = settings.ACTIVE_ACTIONS_PER_WORKSPACE
    if active.count() > most:
        raise QuotaReached(
            _(
                "Your workspace has %(most)s bulk actions in queue or in progress, the "
                "maximum. %(what_to_do)s"
            )
            % {"most": f"{most:,}", "what_to_do": WHAT_TO_DO}
        )


def check_exactly(action: BulkAction) -> None:
    """The same, and of several at the same moment only as many pass as there is room for.

    To be asked last in the transaction that makes the action: the others of the workspace wait for
    its end, and would else wait for the largest selection to be frozen.
    """
    one_at_a_time(action.workspace_id)
    check(action)
