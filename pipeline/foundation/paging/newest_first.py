"""A page of a list that is ordered by a number, the highest first: history, audit, notices …"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db.models import Model, QuerySet
from django.http import QueryDict

from pipeline.foundation.parameters import number_in

M = TypeVar("M", bound=Model)


@dataclass(frozen=True)
class NewestFirst(Generic[M]):
    rows: list[M]
    next: int | None  # the older page begins below it; None on the last one
    is_later_page: bool

    @property
    def links(self) -> dict[str, Any]:
        """What templates/_newest_older.html needs."""
        return {"next": self.next, "is_later_page": self.is_later_page}


def page_of(
    found: QuerySet[M],
    data: QueryDict,
    size: int,
    by: str = "id",
    fetch: Callable[[QuerySet[M]], list[M]] = list,
) -> NewestFirst[M]:
    """Return `size` rows of `found`, from below the number `before` of the address on.

    So none is shown twice or skipped when others come meanwhile. `fetch` brings the rows, where
    they need more than the query says.
    """
    before = number_in(data.get("before"))
    if before is not None:
        found = found.filter(**{f"{by}__lt": before})
    rows = fetch(found.order_by(f"-{by}")[: size + 1])
    following = getattr(rows[size - 1], by) if len(rows) > size else None
    return NewestFirst(rows[:size], following, is_later_page=before is not None)
