"""A candidate's way through a journey, and its log."""

from typing import ClassVar, Self

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from pipeline.candidates.models import Candidate
from pipeline.journeys.reasons import sentence_of, title_of
from pipeline.workspaces.models import User, Workspace, visible_rows

from .journey import Journey, JourneyVersion


class RunState(models.TextChoices):
    RUNNING = "running", "In progress"  # at a block, or waiting there
    FINISHED = "finished", "Finished"  # came to the end of its way
    STOPPED = "stopped", "Stopped"  # by a person, another journey, or what became of the candidate
    FAILED = "failed", "Failed"  # can't go on; says why


class RunQuerySet(models.QuerySet["Run"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Those of candidates whom the user may see."""
        return visible_rows(self, user, "candidate__opening")

    def running(self) -> Self:
        return self.filter(state=RunState.RUNNING)


class Run(models.Model):
    """One candidate's trip through one version of a journey.

    It stands at one block. `due_at` is when that block is to be looked at next: now, for one that
    it has just come to; the end of a wait; never (NULL), while it waits for an event alone.
    """

    workspace = models.ForeignKey(Workspace, models.CASCADE, db_index=False)
    journey = models.ForeignKey(Journey, models.CASCADE, related_name="runs", db_index=False)
    version = models.ForeignKey(JourneyVersion, models.CASCADE, related_name="runs", db_index=False)
    candidate = models.ForeignKey(Candidate, models.CASCADE, related_name="runs", db_index=False)
    state = models.CharField(max_length=10, choices=RunState, default=RunState.RUNNING)
    block = models.CharField(max_length=20, blank=True)
    steps = models.PositiveIntegerField(default=0, help_text="Taken so far: lines in its log.")
    steps_in_row = models.PositiveSmallIntegerField(default=0, help_text="Since it last waited.")
    due_at = models.DateTimeField(null=True, db_default=Now())
    is_waiting = models.BooleanField(default=False, help_text="The block has been looked at.")
    waiting_for = models.CharField(max_length=150, blank=True, help_text="As happenings.key says.")
    heard = models.BooleanField(default=False, help_text="What it waited for has happened.")
    tries = models.PositiveSmallIntegerField(default=0, help_text="Of this block, in vain.")
    is_slow = models.BooleanField(
        db_default=False, help_text="At a block that talks to the outside: see engine/external.py."
    )
    entered_by = models.CharField(max_length=200, help_text="What made the candidate enter.")
    started_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True)
    # The sentence itself in rows of the releases before codes.
    end_code = models.TextField(blank=True, db_column="end_reason")
    end_facts = models.JSONField(null=True, help_text="What its sentence names.")

    objects = RunQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-pk"]
        indexes: ClassVar = [
            models.Index(
                fields=["journey", "is_slow", "due_at"],
                name="run_due",
                condition=Q(state=RunState.RUNNING),
            ),
            models.Index(
                fields=["candidate", "waiting_for"],
                name="run_waiting_for",
                condition=Q(state=RunState.RUNNING) & ~Q(waiting_for=""),
            ),
            models.Index(
                fields=["version", "block"],
                name="run_at_block",
                condition=Q(state=RunState.RUNNING),
            ),
            models.Index(fields=["journey", "candidate", "started_at"], name="run_candidate"),
            models.Index(fields=["candidate", "id"], name="run_of_candidate"),
            models.Index(fields=["journey", "state", "id"], name="run_of_journey"),
            models.Index(fields=["journey", "ended_at"], name="run_ended"),
        ]
        constraints: ClassVar = [
            # Nobody is in two places of one journey.
            models.UniqueConstraint(
                fields=["journey", "candidate"],
                name="run_once",
                condition=Q(state=RunState.RUNNING),
            ),
            models.CheckConstraint(
                condition=Q(state=RunState.RUNNING, ended_at=None)
                | (~Q(state=RunState.RUNNING) & Q(ended_at__isnull=False)),
                name="run_state_complete",
            ),
        ]

    def __str__(self) -> str:
        return f"Run {self.pk}"

    @property
    def end_reason(self) -> str:
        """The sentence, in the language of who reads it; empty while the run is in progress."""
        return sentence_of(self.end_code, self.end_facts)


class RunStep(models.Model):
    """A line of a run's log: a block that it passed, when, what that did and what it decided.

    Written with the effect and the run's new place; the key is what keeps a step from being
    written, and so from having its effect, twice.
    """

    pk = models.CompositePrimaryKey("run_id", "number")
    run = models.ForeignKey(Run, models.CASCADE, related_name="log", db_index=False)
    number = models.PositiveIntegerField()
    block = models.CharField(max_length=20)
    # Of the block: "Wait: 3 days". Empty where something else ended the run: see `title`.
    summary = models.CharField(max_length=300)
    # The sentence itself in rows of the releases before codes.
    code = models.TextField(db_column="text")
    facts = models.JSONField(null=True, help_text="What its sentence names.")
    way = models.CharField(max_length=20, blank=True)  # which it then took
    details = models.JSONField(default=dict)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering: ClassVar = ["number"]

    def __str__(self) -> str:
        return self.text

    @property
    def text(self) -> str:
        """ "Canceled 2 waiting tasks: Outbound Call, ASAP Callback"."""
        return sentence_of(self.code, self.facts)

    @property
    def title(self) -> str:
        return self.summary or title_of(self.code)
