"""How the rooms above learn that candidates came or changed."""

from django.dispatch import Signal

# Sent after the commit, with `workspace_id: int`, `opening_ids: list[int]`, where they are, and
# `import_id: int | None`. A bulk action sends its own signal instead, which says how far it is.
candidates_changed = Signal()

# Sent in an import's transaction, with `workspace_id: int`. Until it ends there is a temporary
# table `opted_out (target, channel, address)`: who wants no messages, by e-mail address in lower
# case or phone in E.164, the channel "email", "sms" or "call".
people_merged = Signal()
