"""A task: one piece of work for an agent about one candidate, and the only ways it changes."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.translation import gettext as _

from pipeline.candidates.models import Candidate, Opening
from pipeline.foundation.fence import fenced
from pipeline.foundation.lifecycle import move
from pipeline.outreach.models import Campaign, CampaignState, Priority
from pipeline.tasks import reasons
from pipeline.workspaces.models import User, Workspace

from . import wording
from .actors import Canceler, CancelSource, Origin
from .announce import announce
from .indexes import INDEXES
from .querysets import TaskQuerySet
from .states import MOVES, PAST, State
from .types import KINDS, Kind, TaskType


class Disposition(models.TextChoices):
    """How it went, in the agent's words."""

    REACHED = "reached", "Reached"
    CALLBACK_AGREED = "callback_agreed", "Callback agreed"
    NO_ANSWER = "no_answer", "No answer"
    LEFT_VOICEMAIL = "left_voicemail", "Left voicemail"
    ANSWERED = "answered", "Answered in writing"
    NOT_INTERESTED = "not_interested", "Not interested"
    WRONG_NUMBER = "wrong_number", "Wrong number or address"
    DONE = "done", "Done"


def person(**options: Any) -> models.ForeignKey[Any, Any]:
    """Somebody of whom the task keeps the name: it stays when the account goes."""
    return models.ForeignKey(
        User, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False, **options
    )


QUEUE_ORDER = ("-priority", "due_at", "id")  # PostgreSQL puts those without a due time last
PAST_ORDER = ("-ended_at", "-id")


class Task(models.Model):
    """One piece of work for an agent about one candidate.

    `opening_id` is the candidate's, kept so by a trigger (migration 0002): a task is seen by who
    sees the candidate.
    """

    MOVES: ClassVar = MOVES

    workspace = models.ForeignKey(Workspace, models.CASCADE, db_index=False)
    candidate = models.ForeignKey(Candidate, models.CASCADE, related_name="tasks", db_index=False)
    opening = models.ForeignKey(Opening, models.CASCADE, related_name="+", db_index=False)
    campaign = models.ForeignKey(
        Campaign, models.PROTECT, null=True, blank=True, related_name="tasks", db_index=False
    )
    type = models.CharField(max_length=30, choices=TaskType)
    state = models.CharField(max_length=10, choices=State, default=State.IN_QUEUE)
    priority = models.PositiveSmallIntegerField(choices=Priority, default=Priority.NORMAL)
    due_at = models.DateTimeField(
        null=True, blank=True, help_text="By when; for callbacks and reminders, not before."
    )
    notes = models.TextField(blank=True)
    disposition = models.CharField(max_length=20, choices=Disposition, blank=True)

    created_at = models.DateTimeField(db_default=Now())
    queued_at = models.DateTimeField(
        db_default=Now(), help_text="Since when it waits: its creation or its last release."
    )
    agent = person(null=True)
    agent_name = models.CharField(max_length=310, blank=True)
    accepted_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True, help_text="When it was completed or canceled.")

    origin = models.CharField(max_length=12, choices=Origin)
    created_by = person(null=True)
    created_by_name = models.CharField(max_length=310, blank=True)
    created_by_journey_id = models.BigIntegerField(null=True)
    created_by_journey_version = models.PositiveIntegerField(null=True)
    created_by_block = models.CharField(max_length=200, blank=True)
    created_by_run_id = models.BigIntegerField(null=True)
    created_by_bulk_action_id = models.IntegerField(null=True)

    cancel_reason = models.TextField(blank=True)  # a Code of `reasons`, or somebody's words
    cancel_facts = models.JSONField(
        null=True,
        blank=True,
        help_text="Where the reason is a code: its facts. Empty where it is somebody’s words.",
    )
    cancel_source = models.CharField(max_length=12, choices=CancelSource, blank=True)
    canceled_by = person(null=True)
    canceled_by_name = models.CharField(max_length=310, blank=True)
    canceled_by_journey_id = models.BigIntegerField(null=True)
    canceled_by_journey_version = models.PositiveIntegerField(null=True)
    canceled_by_block = models.CharField(max_length=200, blank=True)
    canceled_by_run_id = models.BigIntegerField(null=True)
    canceled_by_bulk_action_id = models.IntegerField(null=True)

    objects = TaskQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-pk"]
        indexes: ClassVar = INDEXES
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(state__in=State.values), name="task_state_known"),
            # What each state says is there: nobody reads a canceled task without a reason.
            models.CheckConstraint(
                condition=Q(state=State.IN_QUEUE, agent=None, accepted_at=None, ended_at=None)
                | Q(
                    state=State.ASSIGNED,
                    agent__isnull=False,
                    accepted_at__isnull=False,
                    ended_at=None,
                )
                | Q(state=State.COMPLETED, accepted_at__isnull=False, ended_at__isnull=False)
                | (
                    Q(state=State.CANCELED, ended_at__isnull=False)
                    & ~Q(cancel_source="")
                    & ~Q(cancel_reason="")
                ),
                name="task_state_complete",
            ),
        ]

    def __str__(self) -> str:
        return self.get_type_display()

    def get_absolute_url(self) -> str:
        return reverse("tasks:task", args=[self.pk])

    # --- what it is ---

    @property
    def kind(self) -> Kind:
        return KINDS[TaskType(self.type)]

    @property
    def is_waiting(self) -> bool:
        return self.state == State.IN_QUEUE

    @property
    def is_assigned(self) -> bool:
        return self.state == State.ASSIGNED

    @property
    def is_past(self) -> bool:
        return self.state in PAST

    @property
    def is_canceled(self) -> bool:
        return self.state == State.CANCELED

    @property
    def completed_at(self) -> Any:
        return self.ended_at if self.state == State.COMPLETED else None

    @property
    def canceled_at(self) -> Any:
        return self.ended_at if self.is_canceled else None

    @property
    def created_by_text(self) -> str:
        """Who or what made it: "Journey 12 “Converted customers” v3"."""
        return wording.actor(self, "created", Origin(self.origin).label)

    @property
    def canceled_by_text(self) -> str:
        """Who or what canceled it, in the same words; empty when it isn't canceled."""
        return wording.actor(self, "canceled", self.get_cancel_source_display())

    @property
    def cancel_reason_text(self) -> str:
        """Why it was canceled, as a sentence of ours or in the words of who canceled it."""
        return reasons.shown(self.cancel_reason, self.cancel_facts)

    @property
    def what_happened(self) -> str:
        """Where it stands, and who brought it there, as a sentence for who came too late."""
        return wording.what_happened(self)

    def is_mine(self, user: User) -> bool:
        return self.is_assigned and self.agent_id == user.pk

    def can_accept(self, user: User) -> bool:
        return self.is_waiting and user.membership.can_work and not self.is_paused

    @property
    def is_paused(self) -> bool:
        """Nobody is given it while its campaign is paused."""
        return self.campaign is not None and self.campaign.state != CampaignState.READY

    def can_complete(self, user: User) -> bool:
        """The agent who has it, and nobody else: who completed it is who did the work."""
        return self.is_mine(user)

    def can_release(self, user: User) -> bool:
        """The agent who has it, or an Owner or Admin."""
        return self.is_assigned and (self.agent_id == user.pk or user.membership.can_manage)

    def can_cancel(self, user: User) -> bool:
        if self.is_waiting:
            return user.membership.can_work
        return self.can_release(user)

    # --- what can be done to it ---

    def accept(self, agent: User) -> bool:
        """Give it to `agent`, if it still waits and its campaign is not paused."""
        ready = Campaign.objects.ready().filter(workspace=self.workspace_id)
        return self.move(
            "accept",
            # No join: PostgreSQL looks again at this row alone when it had to wait for it.
            only=Q(campaign=None) | Q(campaign__in=ready),
            agent=agent,
            agent_name=str(agent),
            accepted_at=Now(),
        )

    def complete(self, by: User, disposition: str, notes: str | None = None) -> bool:
        """Done, by the agent who has it; `notes` replace those there are."""
        fields = {} if notes is None else {"notes": notes}
        return self.move(
            "complete", only=Q(agent=by), disposition=disposition, ended_at=Now(), **fields
        )

    @fenced()
    def release(self, by: User, reason: str = "") -> bool:
        """Back into the queue, where it keeps its place."""
        held = Task.objects.select_for_update(no_key=True).filter(held_by(by), pk=self.pk)
        had = held.assigned().values("agent_id", "agent_name", "accepted_at").first()
        released = self.move(
            "release",
            only=held_by(by),
            agent=None,
            agent_name="",
            accepted_at=None,
            queued_at=Now(),
        )
        if released and had:
            TaskRelease.objects.create(
                task=self, released_by=by, released_by_name=str(by), reason=reason, **had
            )
        return released

    def write_notes(self, by: User, notes: str) -> bool:
        """By who may complete it. False, with nothing written, if that is no longer so."""
        assigned = Task.objects.assigned().filter(agent=by, pk=self.pk)
        written = assigned.update(notes=notes)
        self.refresh_from_db()
        return bool(written)

    def cancel(self, by: User, reason: str) -> bool:
        """By a person, while it waits. Raises ValueError without a reason."""
        return self._cancel("cancel", Q(), by, reason)

    def withdraw(self, by: User, reason: str) -> bool:
        """By a person, from the agent who has it: that agent, or an Owner or Admin."""
        return self._cancel("withdraw", held_by(by), by, reason)

    def _cancel(self, verb: str, only: Q, by: User, reason: str) -> bool:
        if not reason.strip():
            raise ValueError(_("Enter a reason for canceling the task."))
        fields = Canceler.person(by).fields
        return self.move(verb, only=only, cancel_reason=reason.strip(), ended_at=Now(), **fields)

    @fenced()
    def move(self, verb: str, only: Q | None = None, **fields: Any) -> bool:
        """The one way of one task to a new state: a conditional UPDATE. False if it came too late.

        Afterwards this object is as the database has it, whoever won.
        """
        moved = move(self, MOVES, verb, only=only, **fields)
        if moved:
            announce(verb, self.workspace_id, [self.pk])
        return moved


def held_by(user: User) -> Q:
    """Assigned to `user`; for an Owner or Admin, to anybody."""
    return Q() if user.membership.can_manage else Q(agent=user)


class TaskRelease(models.Model):
    """An agent had a task and gave it back, or it was taken back into the queue."""

    task = models.ForeignKey(Task, models.CASCADE, related_name="releases")
    agent = person(null=True)
    agent_name = models.CharField(max_length=310)
    accepted_at = models.DateTimeField()
    released_at = models.DateTimeField(db_default=Now())
    released_by = person(null=True)
    released_by_name = models.CharField(max_length=310)
    reason = models.TextField(blank=True)

    class Meta:
        ordering: ClassVar = ["pk"]

    def __str__(self) -> str:
        return f"{self.agent_name} until {self.released_at}"
