"""The audit's page: newest first, by what was done and by whom, and as a file."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.http import HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from pipeline.foundation import database_clock
from pipeline.foundation.exports.csv_export import CsvResponse
from pipeline.foundation.paging.newest_first import page_of
from pipeline.workspaces.access import auditors_only, exporters_only
from pipeline.workspaces.download_audit import recorded
from pipeline.workspaces.models import User
from pipeline.workspaces.models.audit import AuditEntry, AuditQuerySet
from pipeline.workspaces.requests import MemberRequest

PAGE = 50
RECENT = 10_000  # the entries whose verbs can be filtered by
HEADINGS = ("When", "Who", "Did", "What", "From", "Page")


class AuditFilter(forms.Form):
    verb = forms.ChoiceField(label="What was done", required=False)
    actor: Any = forms.ModelChoiceField(
        queryset=None, label="By", required=False, empty_label="Anyone"
    )

    def __init__(self, data: QueryDict, user: User) -> None:
        super().__init__(data)
        self.entries = AuditEntry.objects.visible_to(user)
        recent = self.entries.order_by("-pk").values("verb")[:RECENT]
        verbs = AuditEntry.objects.filter(pk__in=recent.values("pk")).values_list("verb", flat=True)
        choices = [(verb, verb) for verb in verbs.order_by("verb").distinct()]
        self.fields["verb"].choices = [("", "Anything"), *choices]  # type: ignore[attr-defined]
        colleagues = User.objects.filter(membership__workspace=user.membership.workspace_id)
        self.fields["actor"].queryset = colleagues.order_by("first_name", "last_name")  # type: ignore[attr-defined]

    @property
    def found(self) -> AuditQuerySet:
        """Newest first; nothing for a choice that is none."""
        if not self.is_valid():
            return self.entries.none()
        chosen = {name: value for name, value in self.cleaned_data.items() if value}
        return self.entries.filter(**chosen).order_by("-pk")


@require_safe
@auditors_only
def audit(request: MemberRequest) -> HttpResponse:
    narrowed = AuditFilter(request.GET, request.user)
    page = page_of(narrowed.found, request.GET, PAGE)
    context = {"form": narrowed, "entries": page.rows, **page.links}
    return render(request, "settings/audit.html", context)


@require_safe
@auditors_only
@exporters_only
def audit_csv(request: MemberRequest) -> HttpResponseBase:
    found = AuditFilter(request.GET, request.user).found
    name = f"audit {timezone.localdate(database_clock.now()):%Y-%m-%d}.csv"
    link = reverse("settings:audit")
    newest = found.values_list("pk", flat=True).first() or 0
    found = found.filter(pk__lte=newest)  # without the entry that this download makes
    rows = recorded(request, "The audit", link, lines(request, found), found.count())
    return CsvResponse(name, HEADINGS, rows)


def lines(request: MemberRequest, found: AuditQuerySet) -> Iterator[tuple[object, ...]]:
    tz = request.user.membership.workspace.tz  # the answer is read after the request has ended
    for entry in found.iterator(chunk_size=500):
        when = entry.at.astimezone(tz).isoformat(sep=" ", timespec="seconds")
        page = request.build_absolute_uri(entry.link) if entry.link else ""
        yield when, entry.actor_name, entry.verb, entry.subject, entry.address, page
