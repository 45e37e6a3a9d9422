"""What works in the background, in time and under locks."""

from typing import Any


def work_on(action_id: int, lane: int) -> Any:
    """The job as releases before the wings have queued it; gone with the next one."""
    from .lane import work_on  # which needs this package

    return work_on(action_id, lane)
