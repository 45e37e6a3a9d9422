"""A bulk action: one order, and the only ways in which its status changes."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, Self

from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models, transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.urls import reverse

from pipeline.candidates.models import Opening
from pipeline.outreach.models import Message
from pipeline.workspaces.audit import record
from pipeline.workspaces.models import User, Workspace, membership_of
from pipeline.workspaces.webhooks import outbox

from . import locks
from .operations import OPERATIONS, Operation
from .signals import bulk_action_changed


class Status(models.TextChoices):
    IN_QUEUE = "in_queue", "In Queue"  # created, waiting to start; no candidate processed
    IN_PROGRESS = "in_progress", "In Progress"  # running; some candidates may be processed
    COMPLETED = "completed", "Completed"  # all candidates were processed successfully
    COMPLETED_WITH_FAILURES = "completed_with_failures", "Completed with Failures"
    FAILED = "failed", "Failed"  # did not complete
    CANCELED = "canceled", "Canceled"  # stopped by a user
    HALTED = "halted", "Halted"  # stopped because a messaging limit was reached


ACTIVE = (Status.IN_QUEUE, Status.IN_PROGRESS)
ENDED = (
    Status.COMPLETED,
    Status.COMPLETED_WITH_FAILURES,
    Status.FAILED,
    Status.CANCELED,
    Status.HALTED,
)


class FollowUp(models.TextChoices):
    REST = "untouched", "Run on the untouched"
    RETRY = "failed", "Retry the failed"
    UNDO = "done", "Undo what was done"


class BulkActionQuerySet(models.QuerySet["BulkAction"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Those of the user's workspace; of a limited member, what concerns its openings."""
        membership = membership_of(user)
        if membership is None:
            return self.none()
        mine = self.filter(workspace=membership.workspace_id)
        if membership.is_limited:
            openings = list(membership.openings.values_list("pk", flat=True))
            mine = mine.filter(opening_ids__overlap=openings)
        return mine

    def active(self) -> Self:
        return self.filter(status__in=ACTIVE)

    def ended(self) -> Self:
        return self.filter(status__in=ENDED)

    def due(self) -> Self:
        """Active and past the start delay: somebody should be working on these."""
        return self.active().filter(starts_at__lte=Now())

    def for_rows(self) -> Self:
        """With what a row shows of other tables, in one query."""
        return self.select_related("workspace", "started_by", "canceled_by")


class BulkAction(models.Model):
    """One order: an operation, its options, a frozen selection, a status."""

    MOVES: ClassVar[dict[str, dict[str, str]]] = {
        # verb: {from: to}
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

    id = models.AutoField(primary_key=True)  # 32 bits: half of an advisory lock's key
    workspace = models.ForeignKey(Workspace, models.CASCADE, db_index=False)
    operation = models.CharField(max_length=40)
    options = models.JSONField(default=dict)
    title = models.CharField(max_length=200)
    key = models.UUIDField(help_text="One-time key of the form: a double click makes one action.")
    status = models.CharField(max_length=25, choices=Status, default=Status.IN_QUEUE)
    version = models.PositiveIntegerField(default=1)
    lanes = models.PositiveSmallIntegerField(default=1)
    opening_ids = ArrayField(models.BigIntegerField(), default=list)

    total = models.PositiveIntegerField()
    changed = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)

    started_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    starts_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    progressed_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    canceled_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    failure = models.TextField(blank=True, help_text="Why it did not complete.")
    follows = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        related_name="followers",
        db_index=False,
        help_text="The action that this one undoes, retries or carries on.",
    )
    follow_up = models.CharField(max_length=10, choices=FollowUp, blank=True)
    file = models.FileField(blank=True, help_text="What it made, to be downloaded.")
    stalls = models.PositiveSmallIntegerField(
        default=0, help_text="How often a lane was started again since the last progress."
    )

    objects = BulkActionQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-pk"]
        indexes: ClassVar = [
            models.Index(fields=["workspace", "id"], name="bulk_action_workspace"),
            models.Index(
                fields=["starts_at"], name="bulk_action_active", condition=Q(status__in=ACTIVE)
            ),
            # For what looks every few seconds for those that ended lately.
            models.Index(fields=["ended_at"], name="bulk_action_ended"),
            GinIndex(fields=["opening_ids"], name="bulk_action_openings"),
            models.Index(
                fields=["follows"],
                name="bulk_action_follows",
                condition=Q(follows__isnull=False),
            ),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["workspace", "key"], name="bulk_action_key_unique"),
            models.CheckConstraint(
                condition=Q(total__gte=F("changed") + F("unchanged") + F("failed")),
                name="bulk_action_counts_add_up",
            ),
            models.CheckConstraint(
                condition=Q(status__in=Status.values), name="bulk_action_status_known"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("bulk_actions:review", args=[self.pk])

    # --- what it is ---

    @property
    def is_active(self) -> bool:
        return self.status in ACTIVE

    @property
    def is_completed(self) -> bool:
        """With failures or without: it came to its own end."""
        return self.status in (Status.COMPLETED, Status.COMPLETED_WITH_FAILURES)

    @property
    def can_cancel(self) -> bool:
        return self.status in self.MOVES["cancel"]

    def is_wanted(self) -> bool:
        """Whether it is still active, as the database has it at this moment."""
        return BulkAction.objects.active().filter(pk=self.pk).exists()

    def goes_on(self) -> bool:
        """The same; and tells everybody that it does, while no chunk can tell it any more."""
        mine = BulkAction.objects.active().filter(pk=self.pk)
        return bool(mine.update(progressed_at=Now()))

    def is_wholly_visible_to(self, user: User) -> bool:
        """Whether all its openings are the user's: needed for what holds all its candidates."""
        openings = Opening.objects.visible_to(user).filter(pk__in=self.opening_ids)
        is_mine = BulkAction.objects.visible_to(user).filter(pk=self.pk).exists()
        if not is_mine or not user.membership.is_limited:
            return is_mine
        return openings.count() == len(self.opening_ids)

    @property
    def processed(self) -> int:
        return self.changed + self.unchanged + self.failed

    @property
    def done(self) -> int:
        """What the reader calls done: changed, or already as ordered."""
        return self.changed + self.unchanged

    @property
    def untouched(self) -> int:
        return self.total - self.processed

    @property
    def being_sent(self) -> int:
        """Messages whose provider has not answered yet. Their candidates count as untouched."""
        return Message.objects.sending().filter(bulk_action_id=self.pk).count()

    def get_operation(self) -> Operation:
        """The operation with this action's options. Raises KeyError for one that is gone."""
        return OPERATIONS[self.operation](self.options, self.opening_ids)

    # --- what can be done to it ---

    @transaction.atomic
    def start(self) -> bool:
        """In Progress, if it still waits. Enters like a chunk: first the lock, then the row."""
        locks.enter_chunk(self.pk)
        return self.move("start", started_at=Now(), progressed_at=Now())

    def cancel(self, by: User) -> bool:
        """Stop before the next candidate. False when it had already ended."""
        with self.no_chunk_in_flight():
            is_mine = self.move("cancel", canceled_by=by, ended_at=Now())
            if is_mine:
                self.audit("canceled", by)
            return is_mine

    def finish(self, **fields: Any) -> bool:
        """Completed, or with failures, once no chunk is pending. False when one is, or it ended.

        `fields` are set with it, if it does.
        """
        with self.no_chunk_in_flight():
            if self.chunks.pending().exists():
                return False
            self.refresh_from_db(fields=["failed"])
            verb = "finish_with_failures" if self.failed else "finish"
            return self.move(verb, ended_at=Now(), **fields)

    def halt(self, why: str) -> bool:
        """Stop because a message limit is reached; `why` says which. The rest stays untouched."""
        with self.no_chunk_in_flight():
            return self.move("halt", failure=why, ended_at=Now())

    def fail(self, why: str) -> bool:
        with self.no_chunk_in_flight():
            return self.move("fail", failure=why, ended_at=Now())

    @contextmanager
    def no_chunk_in_flight(self) -> Iterator[None]:
        """Wait for the chunks that lanes are writing, and let no other begin until the commit."""
        with transaction.atomic():
            locks.stop_chunks(self.pk)
            yield

    def move(self, verb: str, **fields: Any) -> bool:
        """The one way to a new status: a conditional UPDATE. False when another move was first.

        Afterwards this object is as the database has it, whoever won.
        """
        (after,) = set(self.MOVES[verb].values())
        moved = BulkAction.objects.filter(pk=self.pk, status__in=self.MOVES[verb]).update(
            status=after, version=F("version") + 1, **fields
        )
        self.refresh_from_db()
        if moved:
            self.tell("bulk_action.started" if verb == "start" else "bulk_action.ended")
            transaction.on_commit(self.announce)
        return bool(moved)

    def tell(self, event: str) -> None:
        """Webhooks, in the transaction of the move: every move but the first is to an end."""
        if outbox.is_wanted(self.workspace_id, event):
            from .payloads import payload_of  # knows this module

            outbox.put(self.workspace_id, event, [payload_of(self)])

    def audit(self, verb: str, by: User) -> None:
        undone = self.follows if self.follow_up == FollowUp.UNDO and verb == "undid" else None
        people = "1 candidate" if self.total == 1 else f"{self.total:,} candidates"
        told = f"{(undone or self).title} ({people})"
        record(self.workspace, by, verb, told, self.get_absolute_url())

    def announce(self, *, status_changed: bool = True) -> None:
        bulk_action_changed.send_robust(
            BulkAction, action_id=self.pk, status_changed=status_changed
        )


# Django finds models here only.
from .chunks import Chunk as Chunk  # noqa: E402
from .outcomes import Outcome as Outcome  # noqa: E402
from .outcomes import Result as Result  # noqa: E402
