"""Tells everybody of tasks that came or changed: the open pages, and the customer's own systems."""

from pipeline.foundation.commits import after_commit
from pipeline.tasks.signals import task_changed
from pipeline.workspaces.webhooks import outbox

from .payloads import payloads_of

# What webhooks call it. A release tells the outside nothing that `task.accepted` took back.
EVENTS = {
    "create": "task.created",
    "accept": "task.accepted",
    "complete": "task.completed",
    "cancel": "task.canceled",
    "withdraw": "task.canceled",
}


def announce(verb: str, workspace_id: int, task_ids: list[int]) -> None:
    """Called in the transaction that changed the tasks: told once it is committed, or never."""
    if not task_ids:
        return
    event = EVENTS.get(verb)
    if event and outbox.is_wanted(workspace_id, event):
        outbox.put(workspace_id, event, payloads_of(task_ids))
    after_commit(send, verb, workspace_id, task_ids)


def send(verb: str, workspace_id: int, task_ids: list[int]) -> None:
    task_changed.send_robust(None, workspace_id=workspace_id, verb=verb, task_ids=task_ids)
