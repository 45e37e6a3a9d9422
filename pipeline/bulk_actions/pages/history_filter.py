import django_filters
from django import forms
from django.db import models

from pipeline.bulk_actions.models import BulkAction, Status
from pipeline.bulk_actions.operations import OPERATIONS
from pipeline.foundation.parameters import DayFilter
from pipeline.workspaces.models import User
from pipeline.workspaces.requests import MemberRequest


def colleagues(request: MemberRequest) -> models.QuerySet[User]:
    """Everybody of the user's workspace: who may have started an action that the user sees."""
    return User.objects.filter(membership__workspace=request.user.membership.workspace_id)


class HistoryFilter(django_filters.FilterSet):  # type: ignore[misc]
    """Narrows the history down. Dates are days in the workspace's time zone."""

    status = django_filters.MultipleChoiceFilter(
        choices=Status.choices, widget=forms.CheckboxSelectMultiple
    )
    operation = django_filters.ChoiceFilter(
        choices=[(key, operation.label) for key, operation in OPERATIONS.items()],
        empty_label="Any",
    )
    who = django_filters.ModelChoiceFilter(
        field_name="started_by", queryset=colleagues, label="Started by", empty_label="Anyone"
    )
    since = DayFilter(
        field_name="created_at",
        lookup_expr="date__gte",
        label="From",
    )
    until = DayFilter(
        field_name="created_at",
        lookup_expr="date__lte",
        label="To",
    )

    class Meta:
        model = BulkAction
        fields: tuple[str, ...] = ()
