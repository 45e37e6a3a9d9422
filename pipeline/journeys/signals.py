"""How the rooms above learn that runs of journeys moved."""

from collections.abc import Iterable

from django.dispatch import Signal

from pipeline.foundation.commits import after_commit

# Sent after the commit, with `workspace_id: int` and `candidate_ids: list[int]`, whose runs began,
# took a step or ended.
runs_changed = Signal()


def announce_runs(workspace_id: int, candidate_ids: Iterable[int]) -> None:
    """Called in the transaction that moved the runs: told once it is committed, or never."""
    if ids := list(candidate_ids):
        moved = {"workspace_id": workspace_id, "candidate_ids": ids}
        after_commit(runs_changed.send_robust, None, **moved)
