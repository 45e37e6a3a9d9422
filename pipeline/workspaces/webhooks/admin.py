from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from pipeline.workspaces.admin_access import OwnTabular, WorkspaceModelAdmin, is_limited
from pipeline.workspaces.admin_lists import ReadOnly
from pipeline.workspaces.audited_admin import AuditedAdmin
from pipeline.workspaces.models.webhook import WebhookAttempt, WebhookDelivery, WebhookEndpoint


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(AuditedAdmin[WebhookEndpoint]):
    """Without its secrets: those are the customer's."""

    list_display = ("url", "workspace", "is_active", "failing_since", "last_delivered_at")
    list_filter = ("is_active", ("workspace", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("workspace",)
    search_fields = ("url", "description")
    readonly_fields = ("created_at", "last_delivered_at", "failing_since", "held_until")
    autocomplete_fields = ("workspace", "created_by")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """It would tell a limited member of all openings."""
        return not is_limited(request) and super().has_add_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Its deliveries may be many: its owner deletes it, and the hourly job clears them."""
        return False


class AttemptInline(ReadOnly, OwnTabular[WebhookAttempt, WebhookDelivery]):
    model = WebhookAttempt
    fields = ("at", "status", "error", "answer", "milliseconds")
    readonly_fields = fields


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnly, WorkspaceModelAdmin[WebhookDelivery]):
    """To look at: what was sent, and what came of it."""

    workspace_path = "endpoint__workspace"
    list_display = ("id", "event", "endpoint", "state", "tries", "status", "created_at")
    list_filter = ("state", "event")
    list_select_related = ("endpoint",)
    ordering = ("-pk",)
    show_full_result_count = False
    inlines = (AttemptInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[WebhookDelivery]:
        return super().get_queryset(request).defer("body")
