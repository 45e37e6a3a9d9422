"""Who sees which rows in Django admin: one rule for every model.

A superuser sees all. A staff member sees the rows of the own workspace, and whoever belongs to no
workspace sees none. Lists, forms, choices, autocomplete, filters, histories, deletions and actions
all read through `get_queryset` below. What does not follow the rule is for superusers only.
"""

from collections.abc import Callable, Iterable
from copy import copy
from functools import wraps
from typing import Any, ClassVar, TypeVar

from django.contrib import admin
from django.contrib.admin.exceptions import NotRegistered
from django.contrib.admin.utils import get_fields_from_path
from django.core.exceptions import PermissionDenied
from django.db.models import Field, Model, QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import URLPattern, URLResolver

from .admin_input import CheckedChoices, CheckedLists
from .models import Membership, Workspace, membership_of
from .queue_pages import is_of_queues, missing_is_404

M = TypeVar("M", bound=Model)
P = TypeVar("P", bound=Model)
FOREIGN = "Other related records that you are not allowed to delete."


def offered_rows(site: admin.AdminSite, model: type[Model], request: HttpRequest) -> QuerySet[Any]:
    """The rows that a form or a filter may offer: those of the model's own list in the admin."""
    try:
        return site.get_model_admin(model).get_queryset(request)
    except NotRegistered:
        rows: QuerySet[Any] = model._default_manager.all()
        return rows if request.user.is_superuser else rows.none()


def is_limited(request: HttpRequest) -> bool:
    member = None if request.user.is_superuser else membership_of(request.user)
    return member is not None and member.is_limited


class OwnChoices(CheckedChoices[M]):
    """Related rows are chosen from what the user may see."""

    def get_field_queryset(
        self, db: str | None, db_field: Any, request: HttpRequest
    ) -> QuerySet[Any] | None:
        if request.user.is_superuser:
            return super().get_field_queryset(db, db_field, request)
        return offered_rows(self.admin_site, db_field.remote_field.model, request)


class OwnTabular(OwnChoices[M], admin.TabularInline[M, P]):
    pass


class OwnStacked(OwnChoices[M], admin.StackedInline[M, P]):
    pass


class WorkspaceModelAdmin(OwnChoices[M], CheckedLists[M]):
    """A page of rows that belong to workspaces.

    `workspace_path` leads from a row to its workspace. A member who is limited to some openings
    sees what the model's `visible_to` says; without one, nothing, unless `is_for_limited`.
    """

    workspace_path: ClassVar[str] = "workspace"
    is_for_limited: ClassVar[bool] = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[M]:
        rows = super().get_queryset(request)
        user = request.user
        if user.is_superuser:
            return rows
        member = membership_of(user)
        return rows.none() if member is None else self.rows_of(member, rows)

    def rows_of(self, member: Membership, rows: QuerySet[M]) -> QuerySet[M]:
        """Those of the member's workspace that the member may see."""
        found = rows.filter(**{self.workspace_path: member.workspace_id})
        if not member.is_limited or self.is_for_limited:
            return found
        visible_to = getattr(self.model._default_manager, "visible_to", None)
        if visible_to is None:
            return found.none()
        return found.filter(pk__in=visible_to(member.user).order_by().values("pk"))

    def has_add_permission(self, request: HttpRequest) -> bool:
        """What a limited member can't see, it can't add either."""
        may = super().has_add_permission(request)
        if not may or not is_limited(request):
            return may
        return self.is_for_limited or hasattr(self.model._default_manager, "visible_to")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Asked of each row that would go along with another, too."""
        may = super().has_delete_permission(request, obj)
        if not may or obj is None or request.user.is_superuser:
            return may
        member = membership_of(request.user)
        if member and self.workspace_path == "workspace" and not member.is_limited:
            return bool(obj.workspace_id == member.workspace_id)  # there may be thousands
        return self.get_queryset(request).filter(pk=obj.pk).exists()

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """What stands in the way is named to superusers only: it may be of another workspace."""
        deleted, counts, needed, protected = super().get_deleted_objects(objs, request)
        if request.user.is_superuser or not (needed or protected):
            return deleted, counts, needed, protected
        return [], {}, needed, [FOREIGN] if protected else []


class SuperusersOnly(CheckedLists[M]):
    """A page that shows what belongs to no workspace, such as groups and queues."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[M]:
        rows = super().get_queryset(request)
        return rows if request.user.is_superuser else rows.none()

    def has_module_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser and super().has_module_permission(request))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_superuser and super().has_view_permission(request, obj))

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return bool(request.user.is_superuser and super().has_add_permission(request, *args))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_superuser and super().has_change_permission(request, obj))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_superuser and super().has_delete_permission(request, obj))

    def get_urls(self) -> list[URLPattern]:
        return list(superusers_only(super().get_urls()))


def superusers_only(patterns: Iterable[URLPattern | URLResolver]) -> Iterable[URLPattern]:
    """The same addresses; staff who are no superusers are answered 403."""
    for pattern in patterns:
        assert isinstance(pattern, URLPattern)
        guarded, view = copy(pattern), pattern.callback
        guarded.callback = for_superusers(missing_is_404(view) if is_of_queues(view) else view)
        yield guarded


def for_superusers(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_staff and not request.user.is_superuser:
            raise PermissionDenied
        return view(request, *args, **kwargs)  # who is no staff is sent to the login by it

    return guarded


class OwnRowsFilter(admin.RelatedFieldListFilter):
    """A list's filter by a related row, which names only those that the user may see."""

    def field_choices(
        self, field: Any, request: HttpRequest, model_admin: admin.ModelAdmin[Any]
    ) -> Any:
        if request.user.is_superuser:
            return super().field_choices(field, request, model_admin)
        offered = offered_rows(model_admin.admin_site, field.remote_field.model, request)
        ordering = self.field_admin_ordering(field, request, model_admin)
        return list(
            field.get_choices(
                include_blank=False,
                ordering=ordering,
                limit_choices_to={"pk__in": offered.order_by().values("pk")},
            )
        )


def is_relation(field: Field[Any, Any]) -> bool:
    return bool(field.remote_field)


admin.FieldListFilter.register(is_relation, OwnRowsFilter, take_priority=True)


def leads_to_workspace(model: type[Model], path: str) -> bool:
    """Whether that path, as of a `filter`, ends at a workspace."""
    if path == "pk":
        return model is Workspace
    end: Any = get_fields_from_path(model, path)[-1]
    return end.related_model is Workspace
