"""The past tasks as CSV: whatever the page is filtered by, however many there are."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpResponseBadRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from pipeline.candidates.sight import Sight, sight_of
from pipeline.foundation import database_clock
from pipeline.foundation.among import among
from pipeline.foundation.exports.csv_export import CsvResponse
from pipeline.foundation.paging.by_cursor import EVERYTHING
from pipeline.tasks.models import PAST_ORDER, Task
from pipeline.tasks.paging import LOOK, in_order, merged
from pipeline.workspaces.access import exporters_only
from pipeline.workspaces.download_audit import recorded
from pipeline.workspaces.requests import MemberRequest

from .filters import PastFilter
from .paging import Cursor, find, matching, walks

FEW = 50_000  # ids that are put in order at once; more are walked to
BATCH = 1000  # rows in memory
LINK = 200  # what an audit entry keeps of an address

HEADINGS = (
    "Task id",
    "Type",
    "State",
    "Priority",
    "Candidate id",
    "Candidate",
    "E-mail",
    "Phone",
    "Opening",
    "Campaign id",
    "Campaign",
    "Origin",
    "Created by",
    "Created by journey id",
    "Created by journey version",
    "Created by block",
    "Created by bulk action id",
    "Created",
    "Due",
    "Accepted by",
    "Accepted",
    "Ended",
    "Disposition",
    "Notes",
    "Cancel source",
    "Reason",
    "Canceled by",
    "Canceled by journey id",
    "Canceled by journey name",
    "Canceled by journey version",
    "Canceled by block",
    "Canceled by bulk action id",
)


@require_safe
@exporters_only
def past_csv(request: MemberRequest) -> HttpResponseBase:
    """Newest end first, times in the workspace's time zone; who took it stands in the audit.

    So does how many they were: before the first is sent where that is soon known, else at the end.
    """
    filters = PastFilter(request.GET, request.user)
    if not filters.is_valid():
        return HttpResponseBadRequest(" ".join(filters.problems), content_type="text/plain")
    workspace = request.user.membership.workspace
    link = f"{reverse('past:list')}?{filters.query}".rstrip("?")
    found = find(filters, Cursor())
    lines = recorded(
        request,
        f"Past tasks: {filters.describe() or 'all'}",
        link if len(link) <= LINK else reverse("past:list"),
        rows(filters, workspace.tz),
        found.number if found.is_all else None,
    )
    name = f"past-tasks {timezone.localdate(database_clock.now()):%Y-%m-%d}.csv"
    return CsvResponse(name, HEADINGS, lines)


def rows(filters: PastFilter, zone: ZoneInfo) -> Iterator[list[Any]]:
    visible = Task.objects.visible_to(filters.user).order_by(*PAST_ORDER)
    lean = visible.select_related("candidate", "opening", "campaign").only(
        *(field.name for field in Task._meta.concrete_fields),
        *("candidate__full_name", "candidate__email", "candidate__phone"),
        *("opening__name", "campaign__name", "campaign__number"),
    )
    sight = sight_of(filters.user)
    for ids in batches(filters):
        for start in range(0, len(ids), BATCH):
            for task in lean.filter(pk__in=ids[start : start + BATCH]):
                yield row(task, zone, sight)


def batches(filters: PastFilter) -> Iterator[list[int]]:
    """The ids of all that match, in order: memory stays flat, and no transaction stays open."""
    found = find(filters, Cursor())
    if found.is_all and found.number <= FEW:
        yield in_order([filters.qs.values("pk")[:EVERYTHING]], PAST_ORDER, EVERYTHING)
        return
    cursor = Cursor()
    while near := merged(walks(filters, cursor), LOOK):
        tried = matching(Task.objects.filter(among(near), filters.rest), filters)
        yield list(tried.order_by(*PAST_ORDER).values_list("pk", flat=True))
        last = Task.objects.filter(pk__in=near).order_by("ended_at", "pk").first()
        if last is None:
            return
        cursor = Cursor.at(last)


def row(task: Task, zone: ZoneInfo, sight: Sight) -> list[Any]:
    def local(at: datetime | None) -> str:
        return at.astimezone(zone).isoformat(sep=" ", timespec="seconds") if at else ""

    candidate, campaign = task.candidate, task.campaign
    by_journey = task.canceled_by_journey_id
    return [
        task.pk,
        task.get_type_display(),
        task.get_state_display(),
        task.get_priority_display(),
        task.candidate_id,
        candidate.full_name,
        candidate.email,
        candidate.phone,
        task.opening.name,
        campaign.short_id if campaign else "",
        campaign.name if campaign else "",
        task.get_origin_display(),
        task.created_by_name,
        task.created_by_journey_id,
        task.created_by_journey_version,
        sight.clean(task.created_by_block),
        task.created_by_bulk_action_id,
        local(task.created_at),
        local(task.due_at),
        task.agent_name,
        local(task.accepted_at),
        local(task.ended_at),
        task.get_disposition_display(),
        task.notes,
        task.get_cancel_source_display(),
        sight.clean(task.cancel_reason_text),
        sight.clean(task.canceled_by_text),
        by_journey,
        task.canceled_by_name if by_journey else "",
        task.canceled_by_journey_version,
        sight.clean(task.canceled_by_block),
        task.canceled_by_bulk_action_id,
    ]
