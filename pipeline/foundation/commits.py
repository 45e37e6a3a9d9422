"""What follows a commit: it is done then, and nothing after it may be its answer."""

from collections.abc import Callable
from typing import Any

from django.db import transaction


def after_commit(call: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
    """Call it after the transaction commits; an error is logged, not raised."""

    # A function of its own: Django names it when it logs, and a `partial` has no name.
    def follow() -> None:
        call(*args, **kwargs)

    transaction.on_commit(follow, robust=True)
