"""A page of a long list, from a cursor on: what all have in common, however rows are found."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, Protocol, TypeVar
from urllib.parse import urlencode

from django.contrib.postgres.fields import ArrayField
from django.db.models import BigIntegerField, Func

PAGE = 50
# A LIMIT that limits nothing, and that PostgreSQL's planner does not see through: what is inside
# is found first. It misjudges how many rows match a prefix, or several filters together, and
# would walk a million rows in the hope of meeting them.
EVERYTHING = 1_000_000_000


class FirstOnes(Func):
    """The first ids of an array: a page of them, and one more if there is a next page."""

    template = f"(%(expressions)s)[:{PAGE + 1}]"
    output_field = ArrayField(BigIntegerField())


class Place(Protocol):
    """Where a page begins: at the start, or below a row, or going up from it."""

    @property
    def is_start(self) -> bool: ...

    @property
    def is_upward(self) -> bool: ...

    @property
    def fields(self) -> list[tuple[str, Any]]: ...


P = TypeVar("P", bound=Place)
Row = TypeVar("Row")


@dataclass(frozen=True)
class Found:
    ids: list[int]  # from the cursor, one more than a page shows
    number: int
    is_all: bool  # else there are more than `number`
    is_total: bool = False  # the number is that of all pages, not from the cursor on


class CursorPage(ABC, Generic[P, Row]):
    def __init__(self, cursor: P, start: P, size: int) -> None:
        self.cursor = cursor
        self.start = start
        self.size = size
        self.found = self.find(cursor)
        if cursor.is_upward and len(self.found.ids) <= size:
            # The top is reached: show it whole, with what is new there.
            self.cursor = start
            self.found = self.find(start)

    @abstractmethod
    def find(self, cursor: P) -> Found: ...

    @property
    @abstractmethod
    def rows(self) -> list[Row]: ...

    @property
    @abstractmethod
    def fields(self) -> list[tuple[str, Any]]:
        """The filters as fields of the page's address."""

    @abstractmethod
    def place_of(self, row: Row, is_upward: bool) -> P: ...

    @cached_property
    def total(self) -> Found:
        knows = self.found.is_total or self.cursor.is_start
        return self.found if knows else self.find(self.start)

    @property
    def query(self) -> str:
        """What this page's address ends in."""
        return self.query_at(self.cursor)

    def query_at(self, cursor: P) -> str:
        return urlencode([*self.fields, *cursor.fields])

    @property
    def next(self) -> str:
        """What the next page's address ends in; nothing on the last one."""
        if self.rows and (self.cursor.is_upward or len(self.found.ids) > self.size):
            return self.query_at(self.place_of(self.rows[-1], is_upward=False))
        return ""

    @property
    def previous(self) -> str:
        if self.rows and not self.cursor.is_start:
            return self.query_at(self.place_of(self.rows[0], is_upward=True))
        return ""
