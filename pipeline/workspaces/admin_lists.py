"""What the admin's lists of many rows have in common: nobody counts them all, or changes them."""

from typing import Any, TypeVar

from django.core.paginator import Paginator
from django.db.models import Model
from django.http import HttpRequest
from django.utils.functional import cached_property

M = TypeVar("M", bound=Model)


class Newest(Paginator[M]):
    """Nothing counts millions of rows; older ones are found by an id."""

    MOST = 10_000

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return int(rows[: self.MOST].count())


class ReadOnly:
    """To be read, and nothing else: what a row is follows from what was done to it."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
