"""The operators' view. Tokens are made on the settings page, which alone shows them."""

from django.contrib import admin
from django.http import HttpRequest

from pipeline.candidates.admin_sight import SeenAdmin
from pipeline.tasks.models.inbound_event import ApiToken, InboundEvent
from pipeline.workspaces.admin_lists import Newest
from pipeline.workspaces.audited_admin import AuditedAdmin


@admin.register(ApiToken)
class ApiTokenAdmin(AuditedAdmin[ApiToken]):
    """Renamed and revoked, not deleted: its events say what was taken already."""

    list_display = ("name", "first_characters", "workspace", "created_at", "last_used_at")
    list_filter = ("workspace",)
    list_select_related = ("workspace",)
    search_fields = ("name", "=first_characters")
    readonly_fields = ("workspace", "first_characters", "created_by", "created_at", "last_used_at")
    fields = ("name", *readonly_fields, "revoked_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: ApiToken | None = None) -> bool:
        return False


@admin.register(InboundEvent)
class InboundEventAdmin(SeenAdmin[InboundEvent]):
    list_display = ("id", "event_id", "type", "workspace", "token", "candidate_id", "received_at")
    list_filter = ("workspace",)
    list_select_related = ("workspace", "token")
    ordering = ("-pk",)
    paginator = Newest[InboundEvent]
    show_full_result_count = False
    search_fields = ("=candidate__id", "=task__id")
    search_help_text = "Enter the id of a candidate or task."
