from django.contrib import admin

from pipeline.workspaces.admin_access import WorkspaceModelAdmin
from pipeline.workspaces.admin_lists import ReadOnly

from .models import Notice


@admin.register(Notice)
class NoticeAdmin(ReadOnly, WorkspaceModelAdmin[Notice]):
    """To look at: what a user was told is a fact, and only the user reads it."""

    workspace_path = "user__membership__workspace"
    list_display = ("text", "user", "created_at", "read_at")
    list_select_related = ("user",)
    search_fields = ("user__email", "text", "=about")
    show_full_result_count = False
