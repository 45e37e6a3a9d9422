"""What may be there once, such as a name: of two who save it at the same moment, one is first."""

from collections.abc import Callable
from typing import TypeVar

from django.db import IntegrityError, transaction
from django.forms import BaseForm
from psycopg.errors import UniqueViolation

T = TypeVar("T")


def is_taken(error: IntegrityError) -> bool:
    """Whether the database refused it because it is there already."""
    return isinstance(error.__cause__, UniqueViolation)


def save_first(form: BaseForm, save: Callable[[], T]) -> T | None:
    """What `save` returns, in a transaction of its own, for a form that is valid.

    None when somebody has just taken what has to be unique. The form is then asked once more, so
    its own sentence is among its errors.
    """
    try:
        with transaction.atomic():
            return save()
    except IntegrityError as error:
        if not is_taken(error):
            raise
        form.full_clean()
        if not form.errors:
            raise  # the form does not look at what is taken
        return None
