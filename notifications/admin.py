from django.contrib import admin

from pipeline.candidates.admin_sight import SeenAdmin

from .models import Notice


@admin.register(Notice)
class NoticeAdmin(SeenAdmin[Notice]):
    """To look at: what a user was told is a fact, and only the user reads it."""

    workspace_path = "user__membership__workspace"
    list_display = ("text", "user", "created_at", "read_at")
    list_select_related = ("user",)
    search_fields = ("user__email", "text", "=about")
    show_full_result_count = False
