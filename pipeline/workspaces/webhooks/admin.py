from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from pipeline.workspaces.audited_admin import AuditedAdmin

from .models import WebhookAttempt, WebhookDelivery, WebhookEndpoint


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(AuditedAdmin[WebhookEndpoint]):
    """Without its secrets: those are the customer's."""

    list_display = ("url", "workspace", "is_active", "failing_since", "last_delivered_at")
    list_filter = ("is_active", ("workspace", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("workspace",)
    search_fields = ("url", "description")
    readonly_fields = ("created_at", "last_delivered_at", "failing_since", "held_until")
    raw_id_fields = ("created_by",)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Its deliveries may be many: its owner deletes it, and the hourly job clears them."""
        return False


class AttemptInline(admin.TabularInline[WebhookAttempt, WebhookDelivery]):
    model = WebhookAttempt
    fields = ("at", "status", "error", "answer", "milliseconds")
    readonly_fields = fields
    can_delete = False
    extra = 0

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(admin.ModelAdmin[WebhookDelivery]):
    """To look at: what was sent, and what came of it."""

    list_display = ("id", "event", "endpoint", "state", "tries", "status", "created_at")
    list_filter = ("state", "event")
    list_select_related = ("endpoint",)
    ordering = ("-pk",)
    show_full_result_count = False
    inlines = (AttemptInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[WebhookDelivery]:
        return super().get_queryset(request).defer("body")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
