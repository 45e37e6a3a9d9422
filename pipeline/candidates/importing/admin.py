from typing import ClassVar

from django.contrib import admin
from django.http import HttpRequest

from .models import CandidateImport


@admin.register(CandidateImport)
class CandidateImportAdmin(admin.ModelAdmin[CandidateImport]):
    """To look at: an import is made on its own page or by the command."""

    list_display: ClassVar = ["name", "opening", "status", "created_by", "created_at", "ended_at"]
    list_filter: ClassVar = ["status", "opening__workspace"]
    search_fields: ClassVar = ["name", "opening__name"]
    date_hierarchy = "created_at"
    exclude: ClassVar = ["file", "rejected"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(
        self, request: HttpRequest, obj: CandidateImport | None = None
    ) -> bool:
        return False
