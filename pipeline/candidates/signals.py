"""How the rooms above learn that candidates came or changed."""

from django.dispatch import Signal

# Sent after the commit, with `opening_id: int` and `import_id: int`.
candidates_changed = Signal()
