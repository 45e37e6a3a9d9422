"""How the rooms above learn that what some users may see has changed."""

from django.dispatch import Signal

# Sent after the commit, with `user_ids: list[int]`: their role, their openings, their membership
# or whether they may log in.
access_changed = Signal()
