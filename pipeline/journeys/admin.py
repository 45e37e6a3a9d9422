"""Journeys for the people who run Belay: to look at. They are made and stopped on their pages."""

import json
from typing import Any

from django.contrib import admin, messages
from django.db.models import Max, Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from pipeline.candidates.admin_sight import SeenAdmin
from pipeline.workspaces.admin_lists import Newest
from pipeline.workspaces.audited_admin import AuditedAdmin

from .models import Journey, JourneyVersion, Run
from .models.rules import JourneyRules

NEWEST = 100_000  # runs that are listed and filtered; older ones are found by their ids
LINES = 500  # of a run's log


def indented(data: Any) -> SafeString:
    return format_html("<pre>{}</pre>", json.dumps(data, indent=2, ensure_ascii=False))


@admin.register(Journey)
class JourneyAdmin(SeenAdmin[Journey]):
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
class JourneyVersionAdmin(SeenAdmin[JourneyVersion]):
    workspace_path = "journey__workspace"
    is_for_limited = True
    list_display = ("id", "journey", "number", "published_by", "published_at")
    list_select_related = ("journey", "published_by")
    ordering = ("-pk",)
    search_fields = ("=journey__id", "journey__name")
    search_help_text = "Enter a journey's id or name."
    fields = ("journey", "number", "published_by", "published_at", "definition_text")

    @admin.display(description="definition")
    def definition_text(self, version: JourneyVersion) -> SafeString:
        return indented(version.definition)


@admin.register(Run)
class RunAdmin(SeenAdmin[Run]):
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
        f"Enter the id of a run, candidate or journey. Without one, the newest "
        f"{NEWEST:,} runs are listed."
    )
    fieldsets = (
        (None, {"fields": ("id", "workspace", "journey", "version", "candidate")}),
        ("Entered", {"fields": ("started_at", "entered_by")}),
        (
            "Current block",
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
            hint = _("Search for the id of a run, candidate or journey.")
            self.message_user(request, hint, messages.WARNING)
            return queryset.none(), False
        number = int(term)
        return queryset.filter(Q(pk=number) | Q(candidate=number) | Q(journey=number)), False

    @admin.display(description="log")
    def log_text(self, run: Run) -> SafeString:
        lines = run.log.order_by("-number")[:LINES]
        clean = run.sight.clean  # type: ignore[attr-defined]
        rows = (
            (
                line.number,
                f"{line.at:%Y-%m-%d %H:%M:%S}",
                line.block,
                clean(line.title),
                clean(line.text),
                line.way,
            )
            for line in lines
        )
        return format_html_join("", "<p>{}. {} {} {}: {} {}</p>", rows)


@admin.register(JourneyRules)
class JourneyRulesAdmin(AuditedAdmin[JourneyRules]):
    list_display = ("workspace", "stop_when_rejected", "stop_when_hired", "stop_when_opted_out")
    list_select_related = ("workspace",)
    search_fields = ("workspace__name",)
    autocomplete_fields = ("workspace",)
