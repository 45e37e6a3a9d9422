"""What a bulk action can be, how it gets there, and what can follow it."""

from enum import Enum, auto

from django.db import models


class Status(models.TextChoices):
    IN_QUEUE = "in_queue", "In Queue"  # created, waiting to start; no candidate processed
    IN_PROGRESS = "in_progress", "In Progress"  # running; some candidates may be processed
    COMPLETED = "completed", "Completed"  # all candidates were processed successfully
    COMPLETED_WITH_FAILURES = "completed_with_failures", "Completed with Failures"
    FAILED = "failed", "Failed"  # did not complete
    CANCELED = "canceled", "Canceled"  # stopped by a user, or as its owner lost the right to it
    HALTED = "halted", "Halted"  # stopped because a messaging limit was reached


ACTIVE = (Status.IN_QUEUE, Status.IN_PROGRESS)
ENDED = (
    Status.COMPLETED,
    Status.COMPLETED_WITH_FAILURES,
    Status.FAILED,
    Status.CANCELED,
    Status.HALTED,
)

# verb: {from: to}
MOVES: dict[str, dict[str, str]] = {
    # The start delay is over and a lane took it up.
    "start": {Status.IN_QUEUE: Status.IN_PROGRESS},
    # Works in both: nobody was touched yet, or no further one will be.
    "cancel": {Status.IN_QUEUE: Status.CANCELED, Status.IN_PROGRESS: Status.CANCELED},
    # A messaging limit was reached in the middle.
    "halt": {Status.IN_PROGRESS: Status.HALTED},
    # No pending chunk is left. A cancel that came first has won; one that comes now has lost.
    "finish": {Status.IN_PROGRESS: Status.COMPLETED},
    "finish_with_failures": {Status.IN_PROGRESS: Status.COMPLETED_WITH_FAILURES},
    # It can't go on, whoever tries: see engine.reconcile.
    "fail": {Status.IN_QUEUE: Status.FAILED, Status.IN_PROGRESS: Status.FAILED},
}


class Delivery(Enum):
    """How far the one file or e-mail about all candidates of an action has come."""

    NOT_NEEDED = auto()  # each candidate is changed by itself
    NOTHING_LEFT = auto()  # until it is made, nothing has happened to anybody
    MAY_HAVE_ARRIVED = auto()
    ARRIVED = auto()


class FollowUp(models.TextChoices):
    REST = "untouched", "Run on the untouched"
    RETRY = "failed", "Retry the failed"
    UNDO = "done", "Undo what was done"
