"""What operators change in the admin site stands in the workspace's audit, too."""

from collections.abc import Iterable
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from .admin_access import WorkspaceModelAdmin
from .memberships import announce_access
from .models import Membership, User, Workspace
from .models.audit import record

M = TypeVar("M", bound=Model)


class AuditedAdmin(WorkspaceModelAdmin[M]):
    """An admin page whose changes are recorded, those of its inlines included.

    For what belongs to a workspace by itself, by its opening or by its membership.
    """

    def save_model(self, request: HttpRequest, obj: M, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if not change:
            note(request, "added", obj)
        elif form.changed_data:
            note(request, "changed", obj, form.changed_data)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        super().save_formset(request, form, formset, change)
        for added in formset.new_objects:
            note(request, "added", added)
        for changed, fields in formset.changed_objects:
            note(request, "changed", changed, fields)
        for deleted in formset.deleted_objects:
            note(request, "deleted", deleted)

    @transaction.atomic
    def delete_model(self, request: HttpRequest, obj: M) -> None:
        note(request, "deleted", obj)
        super().delete_model(request, obj)

    @transaction.atomic
    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[M]) -> None:
        for row in queryset:
            note(request, "deleted", row)
        super().delete_queryset(request, queryset)


def note(request: HttpRequest, done: str, thing: Any, fields: Iterable[str] = ()) -> None:
    """Record it; of a user who belongs to no workspace there is no audit to record it in."""
    if isinstance(thing, (User, Membership)):
        announce_access([thing.pk if isinstance(thing, User) else thing.user_id])
    workspace = workspace_of(thing)
    if workspace is None:
        return
    assert request.user.is_authenticated
    what = f"{thing}: {', '.join(fields)}" if fields else str(thing)
    record(workspace, request.user, f"{done} the {thing._meta.verbose_name}", what)


def workspace_of(thing: Any) -> Workspace | None:
    if isinstance(thing, Workspace):
        return thing
    for way in ("opening", "membership"):
        if not hasattr(thing, "workspace_id"):
            thing = getattr(thing, way, thing)
    return getattr(thing, "workspace", None)
