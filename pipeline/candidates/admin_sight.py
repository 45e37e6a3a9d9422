"""What Django admin names to staff who see only some openings: "another opening", as elsewhere."""

from collections.abc import Iterator
from typing import Any, TypeVar

from django.contrib.admin.options import BaseModelAdmin
from django.db.models import FileField, Model, QuerySet
from django.db.models.query import ModelIterable
from django.http import HttpRequest

from pipeline.workspaces.admin_access import WorkspaceModelAdmin, is_limited
from pipeline.workspaces.admin_lists import ReadOnly

from .sight import Sight, sight_of

M = TypeVar("M", bound=Model)


class SeenRows(BaseModelAdmin[M]):
    """A page or an inline of rows that are looked at and never saved.

    Each row is as the one who asks may read it, and has a `sight` for what is read of it later.
    Whoever acts on rows asks for them anew.
    """

    def get_queryset(self, request: HttpRequest) -> QuerySet[M]:
        rows = super().get_queryset(request)
        sight = sight_of(request.user) if is_limited(request) else SEES_ALL
        # Only Django's own iterables are known to its types. Those that follow keep it.
        rows._iterable_class = type("Seen", (SeenIterable,), {"sight": sight})
        return rows


class SeenAdmin(ReadOnly, SeenRows[M], WorkspaceModelAdmin[M]):
    """A page of such rows."""

    def get_search_fields(self, request: HttpRequest) -> list[str]:
        """Without texts for those who see only some openings: a hit would tell what is in it."""
        fields = list(super().get_search_fields(request))
        if is_limited(request):
            fields = [name for name in fields if name[0] == "=" or name.endswith(("id", "email"))]
        return fields


class SeenIterable(ModelIterable):  # type: ignore[type-arg]
    sight: Sight

    def __iter__(self) -> Iterator[Any]:
        for row in super().__iter__():
            row.sight = self.sight
            if self.sight.openings is not None:
                clean(row, self.sight)
            yield row


def clean(row: Model, sight: Sight) -> None:
    """All that people or Belay wrote into it; what was deferred stays so."""
    for field in row._meta.concrete_fields:
        value = row.__dict__.get(field.attname)
        if value and not field.choices and not isinstance(field, FileField):
            setattr(row, field.attname, cleaned(value, sight))


def cleaned(value: Any, sight: Sight) -> Any:
    """The same, with texts within lists and objects of JSON cleaned, too."""
    if isinstance(value, str):
        return sight.clean(value)
    if isinstance(value, list):
        return [cleaned(part, sight) for part in value]
    if isinstance(value, dict):
        return {key: cleaned(part, sight) for key, part in value.items()}
    return value


SEES_ALL = Sight(0, None)
