"""Unique values such as names: of two people who save the same one, the first wins."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet
from django.forms import BaseForm
from psycopg.errors import UniqueViolation

from .names import same_key

T = TypeVar("T")
NAMES = 0x42E6  # first half of an advisory lock's key; the second is the workspace's id


def is_taken(error: IntegrityError) -> bool:
    """Whether the error is a unique constraint: the value already exists."""
    return isinstance(error.__cause__, UniqueViolation)


def save_first(form: BaseForm, save: Callable[[], T], workspace_id: int | None = None) -> T | None:
    """Call `save` in a transaction for a valid form, and return its result.

    None when somebody has just taken what has to be unique. The form is then asked once more, so
    its own sentence is among its errors.

    With `workspace_id`, one at a time saves in that workspace, and the form is asked once more
    before: for names that it compares whatever their case, which the database does not.
    """
    try:
        with transaction.atomic():
            if workspace_id is not None and lock_and_check_taken(form, workspace_id):
                return None
            return save()
    except IntegrityError as error:
        if not is_taken(error):
            raise
        form.full_clean()
        if not form.errors:
            raise  # the form does not look at what is taken
        return None


def is_name_taken(siblings: QuerySet[Any], name: str, pk: int | None = None) -> bool:
    """Whether a row of `siblings` other than `pk` has this name, however it is spelled."""
    key = same_key(name)
    names = siblings.exclude(pk=pk).values_list("name", flat=True).order_by()
    return any(same_key(other) == key for other in names.iterator())


def lock_and_check_taken(form: BaseForm, workspace_id: int) -> bool:
    """Whether the form has errors, asked when others of the workspace have saved their names.

    Until the transaction ends, no other one is asked.
    """
    lock_names(workspace_id)
    form.full_clean()
    return bool(form.errors)


def lock_names(workspace_id: int) -> None:
    """Until the transaction ends, nobody else gives names in that workspace."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(%s::int, %s::int)", [NAMES, workspace_id % 2**31]
        )
