"""Tasks for the people who run Belay: to look at, and to cancel while they wait."""

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.db import transaction
from django.db.models import Max, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _

from pipeline.candidates.admin_sight import SeenAdmin, SeenRows
from pipeline.foundation.parameters import number_in
from pipeline.foundation.words import counted
from pipeline.workspaces.admin_access import OwnTabular, WorkspaceModelAdmin
from pipeline.workspaces.admin_lists import Newest, ReadOnly
from pipeline.workspaces.audited_admin import AuditedAdmin
from pipeline.workspaces.models import User, Workspace
from pipeline.workspaces.models.audit import record

from .models import Task, TaskRelease
from .models.actors import Canceler, CancelSource
from .models.querysets import TaskQuerySet
from .models.rules import AgentSkills, TaskRules
from .models.saved_filter import SavedFilter
from .models.scopes import AllTasks

NEWEST = 100_000  # tasks that are listed and filtered; older ones are found by their ids


class ReleaseInline(ReadOnly, SeenRows[TaskRelease], OwnTabular[TaskRelease, Task]):
    model = TaskRelease
    fields = ("agent_name", "accepted_at", "released_at", "released_by_name", "reason")
    readonly_fields = fields
    verbose_name_plural = "releases"


class ReasonForm(ActionForm):
    reason = forms.CharField(required=False, label="Reason, for a cancel")


@admin.register(Task)
class TaskAdmin(SeenAdmin[Task]):
    list_display = (
        "id",
        "type",
        "state",
        "candidate_id",
        "workspace",
        "campaign",
        "agent_name",
        "cancel_source",
        "created_at",
        "ended_at",
    )
    list_filter = ("state", "type", "cancel_source", "workspace")
    list_select_related = ("workspace", "campaign")
    ordering = ("-pk",)
    list_per_page = 50
    paginator = Newest[Task]
    show_full_result_count = False
    # Makes the search box appear; `get_search_results` does not use the field.
    search_fields = ("id",)
    search_help_text = (
        f"Enter the id of a task or candidate. Without one, the newest {NEWEST:,} tasks are listed."
    )
    actions = ("cancel_waiting",)
    action_form = ReasonForm
    inlines = (ReleaseInline,)
    fieldsets = (
        (None, {"fields": ("id", "type", "state", "priority", "due_at", "notes", "disposition")}),
        ("Of", {"fields": ("workspace", "candidate", "opening", "campaign")}),
        (
            "Created",
            {
                "fields": (
                    "created_at",
                    "origin",
                    "created_by_text",
                    "created_by_block",
                    "created_by_run_id",
                )
            },
        ),
        ("Progress", {"fields": ("queued_at", "agent_name", "accepted_at", "ended_at")}),
        (
            "Canceled",
            {
                "fields": (
                    "cancel_source",
                    "cancel_reason_text",
                    "canceled_by_text",
                    "canceled_by_block",
                    "canceled_by_run_id",
                )
            },
        ),
    )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Task], search_term: str
    ) -> tuple[QuerySet[Task], bool]:
        """By id; without one the newest: a filter for something rare would read all there are."""
        term = search_term.strip()
        if not term:
            last = Task.objects.aggregate(last=Max("pk"))["last"] or 0
            return queryset.filter(pk__gt=last - NEWEST), False
        number = number_in(term)
        if number is None:
            self.message_user(
                request, _("Search for the id of a task or candidate."), messages.WARNING
            )
            return queryset.none(), False
        return queryset.filter(Q(pk=number) | Q(candidate=number)), False

    @admin.action(description="Cancel the selected tasks that are waiting", permissions=["view"])
    def cancel_waiting(self, request: HttpRequest, queryset: TaskQuerySet) -> None:
        """By the verb of all who cancel many: what an agent has accepted meanwhile stays."""
        assert request.user.is_authenticated
        reason = request.POST.get("reason", "").strip()
        if not reason:
            self.message_user(request, _("Enter a reason next to the action."), messages.ERROR)
            return
        chosen = len(queryset)
        canceled = cancel(queryset, request.user, reason)
        outcome = f"{canceled:,} canceled"
        if left := chosen - canceled:
            outcome += _(", %(left)s left unchanged (no longer waiting)") % {"left": f"{left:,}"}
        self.message_user(request, f"{outcome}.", messages.WARNING if left else messages.SUCCESS)


@transaction.atomic
def cancel(tasks: TaskQuerySet, by: User, reason: str) -> int:
    """Cancel those that wait, with a line in each workspace's audit. Returns how many."""
    canceler = Canceler(name=str(by), user_id=by.pk, source=CancelSource.ADMIN)
    ids = [task.pk for task in tasks]
    canceled = Task.objects.cancelable().filter(pk__in=ids).cancel(AllTasks(), canceler, reason)
    numbers: dict[int, int] = {}
    for pk in Task.objects.filter(pk__in=canceled).values_list("workspace", flat=True):
        numbers[pk] = numbers.get(pk, 0) + 1
    for workspace in Workspace.objects.filter(pk__in=numbers):
        what = f"{counted(numbers[workspace.pk], 'waiting task')}: {reason}"
        record(workspace, by, "canceled", what)
    return len(canceled)


@admin.register(AgentSkills)
class AgentSkillsAdmin(AuditedAdmin[AgentSkills]):
    workspace_path = "membership__workspace"
    list_display = ("membership", "types")
    list_select_related = ("membership__user", "membership__workspace")
    search_fields = ("membership__user__email",)
    autocomplete_fields = ("membership", "openings")


@admin.register(TaskRules)
class TaskRulesAdmin(AuditedAdmin[TaskRules]):
    list_display = ("workspace", "cancel_after_days", "most_waiting")
    list_select_related = ("workspace",)
    search_fields = ("workspace__name",)
    autocomplete_fields = ("workspace",)


@admin.register(SavedFilter)
class SavedFilterAdmin(WorkspaceModelAdmin[SavedFilter]):
    """Each is its owner's; one that troubles a page can be deleted here."""

    list_display = ("name", "user", "workspace", "created_at")
    list_select_related = ("user", "workspace")
    search_fields = ("name", "user__email")
    fields = ("name", "user", "workspace", "query", "created_at")
    readonly_fields = fields

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False
