"""The import's pages: upload, columns, progress and result."""

from pathlib import Path

from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from pipeline.candidates.models.candidate_import import CandidateImport
from pipeline.foundation.exports.downloads import FileDownload
from pipeline.workspaces.access import exporters_only, starters
from pipeline.workspaces.models.audit import record_download
from pipeline.workspaces.requests import MemberRequest

from .errors import ImportRefused
from .forms import ColumnsForm, UploadForm
from .jobs import order_import
from .starting import read_again

RECENT = 10
starters_only = starters("Importing candidates")


def import_of(request: MemberRequest, pk: int) -> CandidateImport:
    """Raises Http404 for one that is not there for this user."""
    visible = CandidateImport.objects.visible_to(request.user)
    return get_object_or_404(visible.select_related("opening__workspace", "created_by"), pk=pk)


@require_http_methods(["GET", "HEAD", "POST"])
@starters_only
def upload(request: MemberRequest) -> HttpResponse:
    user = request.user
    form = UploadForm(request.POST or None, request.FILES or None, user=user)
    if request.method == "POST" and form.is_valid() and (imported := form.save()):
        return redirect("candidates:import-columns", imported.pk)
    recent = CandidateImport.objects.visible_to(user).select_related("opening")[:RECENT]
    status = 422 if form.is_bound and form.errors else 200
    return render(
        request, "candidates/import.html", {"form": form, "recent": recent}, status=status
    )


@require_http_methods(["GET", "HEAD", "POST"])
@starters_only
def columns(request: MemberRequest, pk: int) -> HttpResponse:
    imported = import_of(request, pk)
    if not imported.can_be_mapped:
        return redirect(imported)
    form = ColumnsForm(request.POST or None, imported=imported)
    if request.method == "POST":
        is_valid = form.is_valid()
        if form.is_read_otherwise():  # what is imported has been seen
            return read_otherwise(request, form)
        if is_valid:
            form.save()
            order_import(imported, by=request.user)
            return redirect(imported)
    return columns_page(request, form)


@require_POST
@starters_only
def again(request: MemberRequest, pk: int) -> HttpResponse:
    """The columns as another encoding, sheet or choice of rows gives them."""
    imported = import_of(request, pk)
    if not imported.can_be_mapped:
        return redirect(imported)
    form = ColumnsForm(request.POST, imported=imported)
    form.is_valid()
    return read_otherwise(request, form)


def read_otherwise(request: MemberRequest, form: ColumnsForm) -> HttpResponse:
    form.save()
    try:
        read_again(form.imported, form.wanted())
    except ImportRefused as refused:
        form.add_error(None, str(refused))
        return columns_page(request, form)
    return redirect("candidates:import-columns", form.imported.pk)


def columns_page(request: MemberRequest, form: ColumnsForm) -> HttpResponse:
    context = {"form": form, "import": form.imported, "layout": form.layout}
    status = 422 if form.errors else 200
    return render(request, "candidates/import_columns.html", context, status=status)


@require_safe
@starters_only
def status(request: MemberRequest, pk: int) -> HttpResponse:
    """Progress, then the result; the page asks for its fragment until there is one."""
    imported = import_of(request, pk)
    if imported.awaits_columns:
        return redirect("candidates:import-columns", pk)
    is_fragment = request.headers.get("HX-Request") == "true"
    template = "candidates/_import.html" if is_fragment else "candidates/import_status.html"
    return render(request, template, {"import": imported})


@require_POST
@starters_only
def retry(request: MemberRequest, pk: int) -> HttpResponse:
    imported = import_of(request, pk)
    if imported.can_retry:
        order_import(imported, by=request.user)
    return redirect(imported)


@require_safe
@starters_only
@exporters_only
def rejected(request: MemberRequest, pk: int) -> HttpResponseBase:
    """The rows that were not imported, as they were, each with its number and the reason."""
    imported = import_of(request, pk)
    if not imported.is_done or not imported.rejected:
        raise Http404
    stored = imported.rejected.open("rb")
    if request.method == "GET":
        what = f"The rejected rows of {imported.name}"
        link, rows = imported.get_absolute_url(), imported.counts.get("rejected")
        record_download(request.user, what, link, rows)
    return FileDownload(stored, f"rejected-{Path(imported.name).stem}.csv")
