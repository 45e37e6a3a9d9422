"""How the rooms above learn that a bulk action moved on."""

from django.dispatch import Signal

# Sent after the commit, with `action_id: int` and `status_changed: bool`.
bulk_action_changed = Signal()
