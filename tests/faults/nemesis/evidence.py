"""What is known of a round when its promises are checked."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from .browser import Promise, Records
from .house import House
from .live_page import LivePage
from .world import World

FINAL = ("completed", "completed_with_failures", "failed", "canceled", "halted")


@dataclass
class Evidence:
    world: World
    house: House
    records: Records
    pages: list[LivePage]
    sampled: list[str] = field(default_factory=list)  # violations that were seen on the way

    def promised(self, what: str) -> list[Promise]:
        return [promise for promise in self.records.promises if promise.what == what]


Check = Callable[[Evidence], Iterator[str]]
CHECKS: list[Check] = []


def check(function: Check) -> Check:
    """Keep it. Its docstring is the promise, and what it yields are violations, with the facts."""
    CHECKS.append(function)
    return function


def rows(sql: str, parameters: Any = None) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def told(sql: str, parameters: Any = None, most: int = 5) -> Iterator[str]:
    """A violation for each row that is found, the first few in full."""
    found = rows(sql, parameters)
    for row in found[:most]:
        yield ", ".join(f"{name} {value}" for name, value in row.items())
    if len(found) > most:
        yield f"and {len(found) - most} more like this"
