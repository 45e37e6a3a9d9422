"""Journeys for the people who run Belay: to look at. They are made and stopped on their pages."""

import json
from typing import Any, TypeVar

from django.contrib import admin, messages
from django.db.models import Max, Model, Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from pipeline.workspaces.admin_lists import Newest, ReadOnly
from pipeline.workspaces.audited_admin import AuditedAdmin
from pipeline.workspaces.models import membership_of

from .models import Journey, JourneyVersion, Run
from .rules import JourneyRules

NEWEST = 100_000  # runs that are listed and filtered; older ones are found by their ids
LINES = 500  # of a run's log
M = TypeVar("M", bound=Model)


class Seen(ReadOnly, admin.ModelAdmin[M]):
    """Read only; of staff who work in a workspace and are no superusers, what they see there."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[M]:
        assert request.user.is_authenticated
        rows = super().get_queryset(request)
        if request.user.is_superuser or membership_of(request.user) is None:
            return rows
        return rows.filter(pk__in=self.visible(request).values("pk"))

    def visible(self, request: HttpRequest) -> QuerySet[Any]:
        manager: Any = self.model._default_manager
        visible: QuerySet[Any] = manager.visible_to(request.user).order_by()
        return visible


def indented(data: Any) -> SafeString:
    return format_html("<pre>{}</pre>", json.dumps(data, indent=2, ensure_ascii=False))


@admin.register(Journey)
class JourneyAdmin(Seen[Journey]):
    list_display = ("id", "name", "workspace", "state", "version_number", "created_at")
    list_display_links = ("id", "name")
    list_filter = ("state", "workspace")
    list_select_related = ("workspace", "version")
    ordering = ("-pk",)
    search_fields = ("=id", "name")
    fields = (
        "workspace",
        "name",
        "state",
        "version",
        "next_at",
        "revision",
        "draft_text",
        "created_by",
        "created_at",
    )

    @admin.display(description="version")
    def version_number(self, journey: Journey) -> str:
        return f"v{journey.version.number}" if journey.version else ""

    @admin.display(description="draft")
    def draft_text(self, journey: Journey) -> SafeString:
        return indented(journey.draft)


@admin.register(JourneyVersion)
class JourneyVersionAdmin(Seen[JourneyVersion]):
    list_display = ("id", "journey", "number", "published_by", "published_at")
    list_select_related = ("journey", "published_by")
    ordering = ("-pk",)
    search_fields = ("=journey__id", "journey__name")
    search_help_text = "A journey's id or name."
    fields = ("journey", "number", "published_by", "published_at", "definition_text")

    def visible(self, request: HttpRequest) -> QuerySet[Any]:
        assert request.user.is_authenticated
        return JourneyVersion.objects.filter(journey__in=Journey.objects.visible_to(request.user))

    @admin.display(description="definition")
    def definition_text(self, version: JourneyVersion) -> SafeString:
        return indented(version.definition)


@admin.register(Run)
class RunAdmin(Seen[Run]):
    list_display = ("id", "journey", "version", "candidate_id", "state", "block", "due_at")
    list_filter = ("state", "is_waiting", "workspace")
    list_select_related = ("journey", "version__journey")
    ordering = ("-pk",)
    list_per_page = 50
    paginator = Newest[Run]
    show_full_result_count = False
    # Makes the search box appear; `get_search_results` does not use the field.
    search_fields = ("id",)
    search_help_text = (
        f"A run's, a candidate's or a journey's id. Without one: the newest {NEWEST:,} runs."
    )
    fieldsets = (
        (None, {"fields": ("id", "workspace", "journey", "version", "candidate")}),
        ("Entered", {"fields": ("started_at", "entered_by")}),
        (
            "Stands at",
            {"fields": ("state", "block", "due_at", "is_waiting", "waiting_for", "heard", "tries")},
        ),
        ("Ended", {"fields": ("ended_at", "end_reason")}),
        ("Log", {"fields": ("steps", "log_text")}),
    )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Run], search_term: str
    ) -> tuple[QuerySet[Run], bool]:
        """By id; without one the newest: a filter for something rare would read all there are."""
        term = search_term.strip()
        if not term:
            last = Run.objects.aggregate(last=Max("pk"))["last"] or 0
            return queryset.filter(pk__gt=last - NEWEST), False
        if not (term.isascii() and term.isdecimal() and len(term) < 19):
            told = "Search for a run's, a candidate's or a journey's id."
            self.message_user(request, told, messages.WARNING)
            return queryset.none(), False
        number = int(term)
        return queryset.filter(Q(pk=number) | Q(candidate=number) | Q(journey=number)), False

    @admin.display(description="log")
    def log_text(self, run: Run) -> SafeString:
        lines = run.log.order_by("-number")[:LINES]
        rows = (
            (one.number, f"{one.at:%Y-%m-%d %H:%M:%S}", one.block, one.summary, one.text, one.way)
            for one in lines
        )
        return format_html_join("", "<p>{}. {} {} {}: {} {}</p>", rows)


@admin.register(JourneyRules)
class JourneyRulesAdmin(AuditedAdmin[JourneyRules]):
    list_display = ("workspace", "stop_when_rejected", "stop_when_hired", "stop_when_opted_out")
    list_select_related = ("workspace",)
    search_fields = ("workspace__name",)
    autocomplete_fields = ("workspace",)
