from django.contrib import admin
from django.http import HttpRequest

from pipeline.candidates.models.candidate_import import CandidateImport
from pipeline.workspaces.admin_access import WorkspaceModelAdmin


@admin.register(CandidateImport)
class CandidateImportAdmin(WorkspaceModelAdmin[CandidateImport]):
    """To look at: an import is made on its own page or by the command."""

    workspace_path = "opening__workspace"
    list_display = ("name", "opening", "status", "created_by", "created_at", "ended_at")
    list_filter = ("status", "opening__workspace")
    search_fields = ("name", "opening__name")
    date_hierarchy = "created_at"
    exclude = ("file", "rejected", "preview")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(
        self, request: HttpRequest, obj: CandidateImport | None = None
    ) -> bool:
        return False
