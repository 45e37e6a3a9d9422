"""An import: a file, how it is read, what became of it, and whom it brought."""

import uuid
from datetime import timedelta
from typing import Any, ClassVar, Self

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import F
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.translation import gettext as _

from pipeline.foundation import database_clock
from pipeline.foundation.lifecycle import move
from pipeline.workspaces.lost_rights import why_not_starter
from pipeline.workspaces.models import User

from .candidate import Candidate
from .import_reasons import REASONS
from .import_remarks import left_out, others_of, remarks_of
from .opening import Opening


def private_name(instance: "CandidateImport", filename: str) -> str:
    return f"imports/{uuid.uuid4()}"


class CandidateImportQuerySet(models.QuerySet["CandidateImport"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        return self.filter(opening__in=Opening.objects.visible_to(user))

    def revoked(self) -> Self:
        """Imports stopped because the person who ordered them may no longer import."""
        return self.filter(status=CandidateImport.Status.FAILED, is_revoked=True)

    def abandoned(self) -> Self:
        """Uploaded or failed a week ago, and nobody came back: their files are only a risk."""
        cls = CandidateImport.Status
        return self.filter(
            status__in=[cls.UPLOADED, cls.FAILED],
            created_at__lt=database_clock.now() - timedelta(days=7),
        ).exclude(file="")


class CandidateImport(models.Model):
    class Status(models.TextChoices):
        UPLOADED = "uploaded", "Uploaded"  # waits for somebody to check the columns
        QUEUED = "queued", "In Queue"  # ordered, no worker has begun
        RUNNING = "running", "In Progress"  # nothing is in the opening yet
        DONE = "done", "Completed"  # all that the counts say is in the opening
        FAILED = "failed", "Failed"  # nothing of it is in the opening

    MOVES: ClassVar[dict[str, dict[str, str]]] = {
        # verb: {from: to}
        "order": {Status.UPLOADED: Status.QUEUED, Status.FAILED: Status.QUEUED},
        # Running again: its worker died, and the next one starts from the beginning.
        "run": {Status.QUEUED: Status.RUNNING, Status.RUNNING: Status.RUNNING},
        # Its worker is asked to stop. That is no try of the file.
        "interrupt": {Status.RUNNING: Status.QUEUED},
        "finish": {Status.RUNNING: Status.DONE},
        "fail": {Status.QUEUED: Status.FAILED, Status.RUNNING: Status.FAILED},
    }
    UNFINISHED = (Status.QUEUED, Status.RUNNING)
    MOST_ATTEMPTS = 3

    opening = models.ForeignKey(Opening, models.CASCADE, related_name="imports")
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    ordered_by = models.ForeignKey(
        User,
        models.DO_NOTHING,
        null=True,
        editable=False,
        related_name="+",
        db_constraint=False,
        db_index=False,
        help_text="Who has it carried out, and must still be allowed to; empty for the operator.",
    )
    is_revoked = models.BooleanField(
        default=False,
        editable=False,
        help_text="It failed because who ordered it may no longer import.",
    )
    ended_at = models.DateTimeField(null=True, blank=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.UPLOADED)
    attempts = models.PositiveSmallIntegerField(default=0)

    name = models.CharField("file name", max_length=255)
    file = models.FileField(upload_to=private_name, blank=True)
    layout = models.JSONField(default=dict)
    # Until it is imported, for the columns page: {"filled": headings, "rows": of the first three}.
    preview = models.JSONField(default=dict, blank=True)
    mapping = models.JSONField(default=dict, blank=True)
    opt_outs = models.JSONField(
        "columns that say who wants no messages",
        default=dict,
        db_default={},
        blank=True,
        help_text="By heading what it says: see importing/columns.py.",
    )
    kept = models.JSONField("columns kept as attributes", default=list, blank=True)
    separator = models.CharField("between labels", max_length=1, blank=True)
    phone_region = models.CharField(max_length=2, blank=True)

    phase = models.CharField(max_length=40, blank=True)
    percent = models.PositiveSmallIntegerField(default=0)
    counts = models.JSONField(default=dict, blank=True)
    error = models.TextField(blank=True)
    rejected = models.FileField(upload_to=private_name, blank=True)

    objects = CandidateImportQuerySet.as_manager()

    class Meta:
        app_label = "candidates"
        ordering: ClassVar = ["-pk"]

    def __str__(self) -> str:
        return f"{self.name} into {self.opening}"

    def get_absolute_url(self) -> str:
        return reverse("candidates:import-status", args=[self.pk])

    def move(self, verb: str, **fields: Any) -> bool:
        """Change the status if the verb allows it now; False when it doesn't."""
        return move(self, self.MOVES, verb, field="status", **fields)

    def order(self, by: User | None = None) -> bool:
        """Queue the import, also after a failure. `by` is None for the operator."""
        fresh: dict[str, Any] = {"attempts": 0, "error": "", "counts": {}, "percent": 0}
        return self.move("order", ordered_by=by, is_revoked=False, phase="", **fresh)

    def run(self) -> bool:
        """Move to Running, also when it ran before. The caller holds the import's lock."""
        return self.move("run", attempts=F("attempts") + 1, percent=0, phase="Reading the file")

    def interrupt(self) -> bool:
        """Put it back in the queue: another worker starts over within seconds."""
        return self.move("interrupt", attempts=F("attempts") - 1, percent=0, phase="", counts={})

    def finish(self, counts: dict[str, Any]) -> bool:
        return self.move("finish", counts=counts, percent=100, phase="", ended_at=Now())

    def fail(self, error: str, **fields: Any) -> bool:
        return self.move("fail", error=error, phase="", ended_at=Now(), **fields)

    def why_not_any_more(self) -> str:
        """Why the person who ordered it may no longer import, as a sentence; else empty."""
        if self.ordered_by_id is None:
            return ""
        people = User.objects.select_related("membership")
        by = people.filter(pk=self.ordered_by_id).first()
        if lost := why_not_starter(by, self.opening.workspace_id, "Importing candidates"):
            return lost
        assert by is not None
        if Opening.objects.visible_to(by).filter(pk=self.opening_id).exists():
            return ""
        return _("%(by)s, who started it, can no longer see the opening.") % {"by": by}

    def report(self, percent: int, phase: str, read: int) -> None:
        """Store the progress for the page, outside the import's own transaction."""
        CandidateImport.objects.filter(pk=self.pk, status=self.Status.RUNNING).update(
            percent=percent, phase=phase, counts={"records": read}
        )

    @property
    def is_unfinished(self) -> bool:
        return self.status in self.UNFINISHED

    @property
    def is_done(self) -> bool:
        return self.status == self.Status.DONE

    @property
    def has_failed(self) -> bool:
        return self.status == self.Status.FAILED

    @property
    def awaits_columns(self) -> bool:
        return self.status == self.Status.UPLOADED

    @property
    def rejections(self) -> list[tuple[str, int]]:
        """(why, how many rows), the most frequent first."""
        reasons = self.counts.get("reasons", {})
        ordered = sorted(reasons, key=lambda code: -reasons[code])
        return [(REASONS[code], reasons[code]) for code in ordered]

    @property
    def remarks(self) -> list[str]:
        """What is to be said of the file and how it was read."""
        return remarks_of(self.layout, self.counts)

    @property
    def other_sheets(self) -> list[str]:
        """What of the workbook will not be imported."""
        return [left_out(sheet, is_done=False) for sheet in others_of(self.layout)]

    @property
    def can_retry(self) -> bool:
        return self.has_failed and bool(self.file)

    @property
    def can_be_mapped(self) -> bool:
        """Whether its columns can still be chosen: before the import, or after a failure."""
        return self.awaits_columns or self.can_retry


class ImportedCandidate(models.Model):
    """A candidate whom an import brought or brought up to date."""

    pk = models.CompositePrimaryKey("candidate_id", "candidate_import_id")
    candidate = models.ForeignKey(Candidate, models.CASCADE, related_name="imports", db_index=False)
    candidate_import = models.ForeignKey(CandidateImport, models.CASCADE, related_name="candidates")
    is_new = models.BooleanField()

    class Meta:
        app_label = "candidates"
