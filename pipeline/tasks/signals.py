"""How the rooms above learn that tasks came or changed."""

from django.dispatch import Signal

# Sent after the commit, with `workspace_id: int`, `verb: str` (of Task.MOVES, "create", or what was
# done to their campaign) and `task_ids: list[int]`.
task_changed = Signal()
