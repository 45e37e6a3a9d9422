"""The operators' view. What was sent can be looked at and not changed."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from pipeline.candidates.admin_sight import SeenAdmin
from pipeline.workspaces.admin_access import WorkspaceModelAdmin
from pipeline.workspaces.admin_lists import Newest
from pipeline.workspaces.audited_admin import AuditedAdmin

from .models import Campaign, Message, MessageLimit, MessageTemplate, OptOut


@admin.register(Campaign)
class CampaignAdmin(AuditedAdmin[Campaign]):
    """Made, made ready, paused and deleted on its own pages."""

    list_display = ("short_id", "name", "workspace", "channel", "work", "state", "priority")
    list_display_links = ("short_id", "name")
    list_filter = ("state", "channel", "work", "workspace")
    list_select_related = ("workspace",)
    search_fields = ("name",)
    ordering = ("-pk",)
    fields = ("workspace", "number", "name", "channel", "work", "state", "priority", "created_at")
    readonly_fields = ("workspace", "number", "channel", "work", "state", "created_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Its page deletes one without tasks; asking here would read all the tasks there are."""
        return False


@admin.register(MessageTemplate)
class MessageTemplateAdmin(WorkspaceModelAdmin[MessageTemplate]):
    list_display = ("name", "channel", "workspace")
    list_filter = ("channel", "workspace")
    list_select_related = ("workspace",)
    search_fields = ("name",)
    autocomplete_fields = ("workspace",)


@admin.register(OptOut)
class OptOutAdmin(WorkspaceModelAdmin[OptOut]):
    list_display = ("address", "channel", "workspace", "created_at")
    list_filter = ("channel", "workspace")
    list_select_related = ("workspace",)
    search_fields = ("=address",)
    autocomplete_fields = ("workspace",)
    readonly_fields = ("created_at",)


@admin.register(MessageLimit)
class MessageLimitAdmin(WorkspaceModelAdmin[MessageLimit]):
    list_display = ("workspace", "channel", "number", "period", "per_second")
    list_filter = ("channel", "workspace")
    list_select_related = ("workspace",)
    autocomplete_fields = ("workspace",)
    fields = ("workspace", "channel", "number", "period", "per_second")


@admin.register(Message)
class MessageAdmin(SeenAdmin[Message]):
    list_display = ("id", "channel", "address", "status", "problem", "created_at", "ended_at")
    list_filter = ("status", "channel")
    ordering = ("-pk",)
    paginator = Newest[Message]
    show_full_result_count = False
    search_fields = ("=candidate__id",)
    search_help_text = "Enter a candidate's id."
