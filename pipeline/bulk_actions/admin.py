"""Bulk actions for the people who run Belay: to look at, and to cancel."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from pipeline.candidates.admin_sight import SeenAdmin

from .models import BulkAction
from .operations import OPERATIONS

NAMED = 10  # of those that could not be canceled; the rest are counted


class OperationFilter(admin.SimpleListFilter):
    title = "operation"
    parameter_name = "operation"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(key, operation.label) for key, operation in OPERATIONS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(operation=self.value()) if self.value() else queryset


@admin.register(BulkAction)
class BulkActionAdmin(SeenAdmin[BulkAction]):
    """Read-only: an order is a fact. Only its end can be brought about, by the same verb."""

    list_display = (
        "id",
        "title",
        "workspace",
        "status",
        "total",
        "changed",
        "unchanged",
        "failed",
        "untouched",
        "started_by",
        "created_at",
        "ended_at",
    )
    list_display_links = ("id", "title")
    list_filter = (
        "status",
        OperationFilter,
        "created_at",
        ("workspace", admin.RelatedOnlyFieldListFilter),
    )
    list_select_related = ("workspace", "started_by")
    search_fields = ("=id", "title", "started_by__email", "canceled_by__email")
    ordering = ("-id",)
    list_per_page = 50
    show_full_result_count = False
    actions = ("cancel_selected",)
    exclude = ("follows",)
    readonly_fields = ("followed",)

    @admin.display(description="follows")
    def followed(self, action: BulkAction) -> str:
        """Django's own link would name it as it is to everybody."""
        if action.follows is None:
            return "-"
        address = reverse("admin:bulk_actions_bulkaction_change", args=[action.follows.pk])
        title = action.sight.clean(action.follows.title)  # type: ignore[attr-defined]
        return format_html('<a href="{}">{}</a>', address, title)

    @admin.action(description="Cancel the selected bulk actions", permissions=["view"])
    def cancel_selected(self, request: HttpRequest, queryset: QuerySet[BulkAction]) -> None:
        """Cancel each for itself, and tell of each that had ended what it ended as."""
        assert request.user.is_authenticated
        chosen = BulkAction.objects.filter(pk__in=[action.pk for action in queryset])
        lost = [action for action in chosen if not action.cancel(by=request.user)]
        canceled = len(chosen) - len(lost)
        sentence = f"{canceled:,} canceled"
        if lost:
            sentence += f", {len(lost):,} could not be canceled: " + ", ".join(
                f"#{action.pk} already {action.get_status_display()}" for action in lost[:NAMED]
            )
        if len(lost) > NAMED:
            sentence += f", and {len(lost) - NAMED:,} more"
        level = messages.WARNING if lost else messages.SUCCESS
        self.message_user(request, f"{sentence}.", level)
