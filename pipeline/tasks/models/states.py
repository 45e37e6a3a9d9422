"""The states of a task, and the only moves between them."""

from django.db import models


class State(models.TextChoices):
    IN_QUEUE = "in_queue", "In queue"  # waits for an agent
    ASSIGNED = "assigned", "Assigned"  # an agent accepted it, or made it
    COMPLETED = "completed", "Completed"  # the agent is done with it
    CANCELED = "canceled", "Canceled"  # taken back, with a reason


PAST = (State.COMPLETED, State.CANCELED)

MOVES: dict[str, dict[str, str]] = {
    # verb: {from: to}
    "accept": {State.IN_QUEUE: State.ASSIGNED},
    # By the agent who has it, or an Owner or Admin.
    "release": {State.ASSIGNED: State.IN_QUEUE},
    # By the agent who has it.
    "complete": {State.ASSIGNED: State.COMPLETED},
    # By anything: nobody has accepted it.
    "cancel": {State.IN_QUEUE: State.CANCELED},
    # By a person alone: the agent who has it, or an Owner or Admin.
    "withdraw": {State.ASSIGNED: State.CANCELED},
}
