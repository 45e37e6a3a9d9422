"""How the rooms above learn that tasks came or changed, and of custom events."""

from django.dispatch import Signal

# Sent after the commit, with `workspace_id: int`, `verb: str` (of Task.MOVES, "create", or what was
# done to their campaign) and `task_ids: list[int]`.
task_changed = Signal()

# Sent within the transaction that takes a custom event, for what has to commit with it or not at
# all: with `workspace_id: int`, `candidate_id: int`, `name: str` and `properties: dict`.
event_taken = Signal()
