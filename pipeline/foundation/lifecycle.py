"""How a row gets a new state: a table of allowed moves, and one conditional UPDATE.

A table has a line for each verb: {from: to}. Whoever comes too late changes nothing and is told so,
whatever else happens at the same moment.
"""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Case, Model, Q, Value, When

Moves = Mapping[str, Mapping[str, str]]


def move(
    row: Model,
    moves: Moves,
    verb: str,
    *,
    field: str = "state",
    only: Q | None = None,
    **fields: Any,
) -> bool:
    """Do `verb`, if the state in `field` allows it now, and `only` is so. Sets `fields` with it.

    Returns whether it was done. Afterwards `row` is as the database has it, whoever won.
    """
    ways = moves[verb]
    after: Any = set(ways.values())
    if len(after) == 1:
        (after,) = after
    else:
        after = Case(*(When(**{field: before}, then=Value(to)) for before, to in ways.items()))
    allowed = type(row)._base_manager.filter(only or Q(), pk=row.pk, **{f"{field}__in": ways})
    moved = allowed.update(**{field: after}, **fields)
    with suppress(ObjectDoesNotExist):  # gone meanwhile
        row.refresh_from_db()
    return bool(moved)
