"""How the rooms above learn that candidates came or changed."""

from django.dispatch import Signal

# Sent after the commit, with `workspace_id: int`, `opening_ids: list[int]`, where they are, and
# `import_id: int | None`. A bulk action sends its own signal instead, which says how far it is.
candidates_changed = Signal()
