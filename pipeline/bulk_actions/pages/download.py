"""The file that a bulk action made, for those who may have all that is in it."""

from django.core.files.storage import default_storage
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from pipeline.bulk_actions.engine.export_cleanup import KEPT
from pipeline.bulk_actions.models import BulkAction
from pipeline.bulk_actions.operations.export import Export
from pipeline.foundation.exports.downloads import FileDownload
from pipeline.workspaces.access import exporters_only
from pipeline.workspaces.models import audit
from pipeline.workspaces.requests import MemberRequest

from .review import visible_action


@require_safe
@exporters_only
def file(request: MemberRequest, pk: int) -> HttpResponseBase:
    """The export itself, in pieces; or a page that says why there is none."""
    action = visible_action(request, pk)
    if action.operation != Export.key:
        raise Http404(_("This bulk action does not create a file."))
    if not action.is_wholly_visible_to(request.user):
        return no_file(request, action, FOREIGN, status=403)
    if not action.file.name:
        return no_file(request, action, *why_none(action))
    try:
        stored = default_storage.open(action.file.name)
    except FileNotFoundError:
        return no_file(request, action, GONE, status=410)
    name = action.file.name.rpartition("/")[2]
    if request.method == "GET":
        audit.record(
            action.workspace,
            request.user,
            "downloaded",
            f"{action.title} ({action.changed:,} candidates)",
            action.get_absolute_url(),
        )
    return FileDownload(stored, name)


def no_file(
    request: MemberRequest, action: BulkAction, reason: str, status: int = 404
) -> HttpResponse:
    context = {"action": action, "reason": reason}
    return render(request, "bulk_actions/no_file.html", context, status=status)


def why_none(action: BulkAction) -> tuple[str, int]:
    """The sentence, and the HTTP status that goes with it."""
    if action.is_active:
        return _("The file is not ready yet. You will get a notice when it is."), 404
    if action.is_completed:
        return GONE, 410
    return _("This export did not complete, so there is no file."), 404


FOREIGN = (
    "This export also includes candidates in openings you can’t see, so you can’t "
    "download it. Select candidates in your own openings and export them."
)
GONE = (
    f"Exports are kept for {KEPT.days} days, and this one has been deleted. Select "
    f"the candidates again and export them."
)
