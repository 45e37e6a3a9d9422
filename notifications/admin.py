from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from .models import Notice


@admin.register(Notice)
class NoticeAdmin(admin.ModelAdmin[Notice]):
    """To look at: what a user was told is a fact, and only the user reads it."""

    list_display = ("text", "user", "created_at", "read_at")
    list_select_related = ("user",)
    search_fields = ("user__email", "text", "=about")
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
