"""What is to be told to customers' systems: written in the transaction that makes it true."""

from collections.abc import Iterable
from typing import Any


def is_wanted(workspace_id: int, event: str) -> bool:
    """Whether somebody listens to `event`, as `task.created`: else its payload need not be made."""
    return False


def put(workspace_id: int, event: str, payloads: Iterable[dict[str, Any]]) -> None:
    """Write one delivery for each payload and each listening endpoint, in the caller's transaction.

    They are sent after the commit, by a job; nothing is lost if that job is.
    """
