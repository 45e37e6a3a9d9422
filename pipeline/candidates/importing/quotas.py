"""How many files may be uploaded in a day: each is looked at, and kept until it is imported."""

from django.conf import settings
from django.utils.translation import gettext as _

from pipeline.candidates.models.candidate_import import CandidateImport
from pipeline.foundation.quotas import QuotaReached, full_until, one_at_a_time
from pipeline.workspaces.models import User


def check(user: User) -> None:
    """Raise QuotaReached where `user`, or the whole workspace, has uploaded enough for a day.

    Several at the same moment may pass together, until `check_exactly`.
    """
    uploads = CandidateImport.objects.filter(opening__workspace=user.membership.workspace_id)
    own, most = uploads.filter(created_by=user), settings.UPLOADS_PER_USER
    if until := full_until(own, "created_at", most):
        raise QuotaReached(enough(f"You have uploaded {most:,} files", until))
    most = settings.UPLOADS_PER_WORKSPACE
    if until := full_until(uploads, "created_at", most):
        raise QuotaReached(enough(f"{most:,} files were uploaded to your workspace", until))


def check_exactly(user: User) -> None:
    """As `check`, under a lock: of several at once only as many pass as there is room for.

    To be asked in the transaction that keeps the upload: the others of the workspace wait for it.
    """
    one_at_a_time(user.membership.workspace_id)
    check(user)


def enough(what: str, until: str) -> str:
    return _(
        "%(what)s in the last 24 hours, the maximum. Upload this file after "
        "%(until)s, or put more candidates into one file."
    ) % {"what": what, "until": until}
