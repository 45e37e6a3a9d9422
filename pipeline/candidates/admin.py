"""The operators' view. Nothing here counts or lists a million candidates."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest

from pipeline.foundation.paging.by_cursor import EVERYTHING
from pipeline.workspaces.admin_access import OwnTabular, WorkspaceModelAdmin
from pipeline.workspaces.admin_lists import Newest
from pipeline.workspaces.audited_admin import AuditedAdmin
from pipeline.workspaces.memberships import announce_access
from pipeline.workspaces.models import Membership

from .models import Candidate, CandidateSearch, Folder, Label, Opening, RejectReason
from .search import Words, tsquery


class FolderInline(OwnTabular[Folder, Opening]):
    model = Folder
    extra = 0
    fields = ("name", "kind", "position")
    ordering = ("position", "pk")


@admin.register(Opening)
class OpeningAdmin(AuditedAdmin[Opening]):
    list_display = ("name", "workspace")
    list_filter = ("workspace",)
    list_select_related = ("workspace",)
    search_fields = ("name",)
    autocomplete_fields = ("workspace", "members")
    inlines = (FolderInline,)

    def save_related(
        self, request: HttpRequest, form: ModelForm[Opening], formsets: Any, change: bool
    ) -> None:
        """An opening without folders could take no candidate."""
        super().save_related(request, form, formsets, change)
        if "members" in form.changed_data:
            limited = Membership.objects.filter(workspace=form.instance.workspace, is_limited=True)
            announce_access(limited.values_list("user", flat=True))
        if not form.instance.folders.exists():
            form.instance.add_default_folders()


@admin.register(Folder)
class FolderAdmin(AuditedAdmin[Folder]):
    workspace_path = "opening__workspace"
    list_display = ("name", "opening", "kind", "position")
    list_filter = ("kind",)
    list_select_related = ("opening",)
    search_fields = ("name", "opening__name")
    autocomplete_fields = ("opening",)


@admin.register(Label)
class LabelAdmin(AuditedAdmin[Label]):
    list_display = ("name", "workspace")
    list_filter = ("workspace",)
    list_select_related = ("workspace",)
    search_fields = ("name",)
    autocomplete_fields = ("workspace",)


@admin.register(RejectReason)
class RejectReasonAdmin(AuditedAdmin[RejectReason]):
    list_display = ("name", "workspace")
    list_filter = ("workspace",)
    list_select_related = ("workspace",)
    search_fields = ("name",)
    autocomplete_fields = ("workspace",)


@admin.register(Candidate)
class CandidateAdmin(WorkspaceModelAdmin[Candidate]):
    list_display = ("full_name", "email", "phone", "opening", "folder", "created_at")
    list_select_related = ("opening", "folder")
    ordering = ("-pk",)
    paginator = Newest[Candidate]
    show_full_result_count = False
    # Makes the search box appear; `get_search_results` does not use the field.
    search_fields = ("full_name",)
    search_help_text = "Search by the start of a name, e-mail address or phone number."
    autocomplete_fields = ("workspace", "opening", "folder", "recruiter")
    readonly_fields: ClassVar[tuple[str, ...]] = ("created_at", "copied_from")
    actions = None  # deleting or changing many is a bulk action's work

    def get_queryset(self, request: HttpRequest) -> QuerySet[Candidate]:
        """Without what only a candidate's own page shows."""
        return super().get_queryset(request).defer("attributes")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Candidate], search_term: str
    ) -> tuple[QuerySet[Candidate], bool]:
        query = tsquery(search_term)
        if not query:
            return queryset, False
        found = CandidateSearch.objects.filter(document=Words(query))
        return queryset.filter(pk__in=found.values("pk")[:EVERYTHING]), False


from .importing import admin as importing_admin  # noqa: E402, F401
