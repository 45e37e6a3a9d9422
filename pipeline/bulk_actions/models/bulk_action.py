"""A bulk action: one order, and the only ways in which its status changes."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, Self

from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models, transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.urls import reverse

from pipeline.bulk_actions.signals import bulk_action_changed
from pipeline.candidates.models import Opening
from pipeline.foundation.commits import after_commit
from pipeline.foundation.fence import fenced
from pipeline.foundation.lifecycle import move
from pipeline.foundation.words import clipped
from pipeline.outreach.models import Message, MessageStatus
from pipeline.workspaces.models import User, Workspace, membership_of
from pipeline.workspaces.models.audit import record
from pipeline.workspaces.webhooks import outbox

from . import locks
from .payload import payload_of
from .status import ACTIVE, ENDED, MOVES, Delivery, FollowUp, Status

LONGEST_TITLE = 200

# What an action counts that prepared something for all candidates together, and never made it.
DISCARDS = {"changed": 0, "unchanged": 0, "failed": 0, "is_discarded": True}


class BulkActionQuerySet(models.QuerySet["BulkAction"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Those of the user's workspace; of a limited member, what concerns its openings."""
        membership = membership_of(user)
        if membership is None:
            return self.none()
        openings = None
        if membership.is_limited:
            openings = membership.openings.values_list("pk", flat=True)
        return self.visible_in(membership.workspace_id, openings)

    def visible_in(self, workspace_id: int, openings: Iterable[int] | None) -> Self:
        """Those of the workspace; of them, unless None, what concerns these openings."""
        of_workspace = self.filter(workspace=workspace_id)
        if openings is None:
            return of_workspace
        return of_workspace.filter(opening_ids__overlap=list(openings))

    def active(self) -> Self:
        return self.filter(status__in=ACTIVE)

    def ended(self) -> Self:
        return self.filter(status__in=ENDED)

    def canceled_by_belay(self) -> Self:
        """Stopped because their owners may no longer order them: see engine/rights.py."""
        return self.filter(status=Status.CANCELED, canceled_by=None)

    def due(self) -> Self:
        """Active and past the start delay: somebody should be working on these."""
        return self.active().filter(starts_at__lte=Now())

    def for_rows(self) -> Self:
        """With what a row shows of other tables, in one query."""
        return self.select_related("workspace", "started_by", "canceled_by")


class BulkAction(models.Model):
    """One order: an operation, its options, a frozen selection, a status."""

    MOVES: ClassVar = MOVES

    id = models.AutoField(primary_key=True)  # 32 bits: half of an advisory lock's key
    workspace = models.ForeignKey(Workspace, models.CASCADE, db_index=False)
    operation = models.CharField(max_length=40)
    options = models.JSONField(default=dict)
    title = models.CharField(max_length=LONGEST_TITLE)
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
    is_made_at_end = models.BooleanField(
        db_default=False,
        default=False,
        help_text="Its candidates are only prepared one by one, for one file or e-mail at the end."
        " Until that has left, a stop takes all of it back.",
    )
    is_discarded = models.BooleanField(
        default=False,
        help_text="It was stopped before its file or e-mail was made, so all count as untouched,"
        " whatever its outcomes say.",
    )
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

    # Of a copy for a member who sees only some of its openings (seen.py): what it is as a whole,
    # and whether its numbers here are the whole's still, so that they are not shown.
    whole: "BulkAction | None" = None
    hides_counts = False

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
    def is_canceled_by_belay(self) -> bool:
        """Whether it was stopped because its owner may no longer order it: see engine/rights.py."""
        return self.status == Status.CANCELED and self.canceled_by_id is None

    @property
    def can_cancel(self) -> bool:
        return self.status in self.MOVES["cancel"]

    def is_still_active(self) -> bool:
        """Whether it is still active, as the database has it at this moment."""
        return BulkAction.objects.active().filter(pk=self.pk).exists()

    def heartbeat(self) -> bool:
        """The same; and tells everybody that it does, while no chunk can tell it any more."""
        active = BulkAction.objects.active().filter(pk=self.pk)
        return bool(active.update(progressed_at=Now()))

    def is_wholly_visible_to(self, user: User) -> bool:
        """Whether all its openings are the user's: needed for what holds all its candidates."""
        openings = Opening.objects.visible_to(user).filter(pk__in=self.opening_ids)
        is_visible = BulkAction.objects.visible_to(user).filter(pk=self.pk).exists()
        if not is_visible or not user.membership.is_limited:
            return is_visible
        return openings.count() == len(self.opening_ids)

    @property
    def processed(self) -> int:
        return self.changed + self.unchanged + self.failed

    @property
    def done(self) -> int:
        """How many the download `done` holds: changed, or unchanged because no change was needed.

        What people read as "done" is `changed` alone: see Progress.counts.
        """
        return self.changed + self.unchanged

    @property
    def untouched(self) -> int:
        return self.total - self.processed

    @property
    def being_sent(self) -> int:
        """Messages whose provider has not answered yet. Their candidates count as untouched."""
        return Message.objects.sending().filter(bulk_action_id=self.pk).count()

    @property
    def delivery(self) -> Delivery:
        """How far what is made of all candidates together has come. A file arrives as it ends."""
        if not self.is_made_at_end:
            return Delivery.NOT_NEEDED
        about_all = Message.objects.filter(bulk_action_id=self.pk, candidate=None)
        statuses = set(about_all.values_list("status", flat=True))
        if MessageStatus.SENT in statuses:
            return Delivery.ARRIVED
        if statuses & {MessageStatus.SENDING, MessageStatus.UNCONFIRMED}:
            return Delivery.MAY_HAVE_ARRIVED
        return Delivery.NOTHING_LEFT

    # --- what can be done to it ---

    @transaction.atomic
    def start(self, *, announces: bool = True) -> bool:
        """In Progress, if it still waits. Enters like a chunk: first the lock, then the row."""
        locks.enter_chunk(self.pk)
        return self.move("start", announces=announces, started_at=Now(), progressed_at=Now())

    def cancel(self, by: User | None, why: str = "") -> bool:
        """Stop before the next candidate. False when it had already ended.

        `by` is None where Belay itself stops it; `why` then says the reason.
        """
        reason: dict[str, Any] = {"failure": why} if why else {}
        with self.no_chunk_in_flight():
            won = self.move("cancel", canceled_by=by, ended_at=Now(), **reason, **self.discards())
            if won:
                self.audit("canceled", by, why)
            return won

    def finish(self, **fields: Any) -> bool:
        """Completed, or with failures, once no chunk is pending. False when one is, or it ended.

        `fields` are set with it, if it does.
        """
        if self.chunks.pending().exists():
            return False  # before the wait: another lane may be at one, and may take its time
        with self.no_chunk_in_flight():
            if self.chunks.pending().exists():
                return False
            self.refresh_from_db(fields=["failed"])
            return self.complete(**fields)

    def complete(self, **fields: Any) -> bool:
        verb = "finish_with_failures" if self.failed else "finish"
        return self.move(verb, ended_at=Now(), **fields)

    def halt(self, why: str) -> bool:
        """Stop because a message limit is reached; `why` says which. The rest stays untouched."""
        with self.no_chunk_in_flight():
            return self.move("halt", failure=why, ended_at=Now(), **self.discards())

    def fail(self, why: str) -> bool:
        """Failed, because of `why`. Where nothing is left to do it has not failed: it finishes.

        An e-mail that may have arrived counts for nothing here: all are untouched, and `why` says
        what is known of it.
        """
        with self.no_chunk_in_flight():
            self.refresh_from_db()
            delivery = self.delivery
            if not self.untouched and delivery in (Delivery.NOT_NEEDED, Delivery.ARRIVED):
                return self.complete()
            discards: dict[str, Any] = DISCARDS if delivery != Delivery.NOT_NEEDED else {}
            return self.move("fail", failure=why, ended_at=Now(), **discards)

    def discards(self) -> dict[str, Any]:
        """What a stop takes back: all that was only prepared for a file or e-mail not made yet."""
        return DISCARDS if self.delivery == Delivery.NOTHING_LEFT else {}

    def discard(self) -> None:
        """The same after the stop: an e-mail that was on its way then has been refused."""
        ended = BulkAction.objects.filter(pk=self.pk, status__in=[Status.CANCELED, Status.HALTED])
        if ended.update(version=F("version") + 1, **DISCARDS):
            self.announce()

    @contextmanager
    def no_chunk_in_flight(self) -> Iterator[None]:
        """Wait for the chunks that lanes are writing, and let no other begin until the commit.

        A lane that is frozen or gone, or takes too long, is ended, and its chunk rolled back.
        """
        with fenced(even_at_work=True):
            locks.stop_chunks(self.pk)
            yield

    def move(self, verb: str, *, announces: bool = True, **fields: Any) -> bool:
        """The one way to a new status: a conditional UPDATE. False when another move was first.

        Afterwards this object is as the database has it, whoever won. Without `announces` the
        caller does.
        """
        version = F("version") + 1
        moved = move(self, self.MOVES, verb, field="status", version=version, **fields)
        if moved:
            self.enqueue_webhook("bulk_action.started" if verb == "start" else "bulk_action.ended")
            if announces:
                after_commit(self.announce)
        return moved

    def enqueue_webhook(self, event: str) -> None:
        """Webhooks, in the transaction of the move: every move but the first is to an end."""
        if outbox.is_wanted(self.workspace_id, event):
            outbox.put(self.workspace_id, event, [payload_of(self)])

    def audit(self, verb: str, by: User | None, why: str = "") -> None:
        undone = self.follows if self.follow_up == FollowUp.UNDO and verb == "undid" else None
        summary = f"{(undone or self).title} ({self.total:,} selected)"
        if why:
            summary = f"{clipped(summary, 100)}: {why}"  # of the two, the reason must not be cut
        record(self.workspace, by, verb, summary, self.get_absolute_url())

    def announce(self, *, status_changed: bool = True) -> None:
        bulk_action_changed.send_robust(
            BulkAction, action_id=self.pk, status_changed=status_changed
        )
