"""Imports as RQ jobs. The database is the truth; a job is only a wake-up call."""

import logging
from functools import partial
from pathlib import Path

from django.db import transaction
from django.utils.translation import gettext as _
from redis.exceptions import RedisError

from pipeline.candidates.models.candidate_import import CandidateImport
from pipeline.foundation.commits import after_commit
from pipeline.foundation.queues import queue_of
from pipeline.foundation.turns import Interrupted, is_stop_requested
from pipeline.foundation.words import clipped
from pipeline.workspaces.models import User
from pipeline.workspaces.models.audit import record
from pipeline.workspaces.setbacks.isolation import Isolation, Subject

from . import locks
from .errors import ImportRefused, NoLongerAllowed
from .loading import Tell, check_rights, load

log = logging.getLogger(__name__)
LOOP = "imports"  # for setbacks: one that can't even be begun, or brought to its end

OURS = (
    "Something went wrong on our side, and nothing was imported. Try again. If it "
    "fails again, contact support."
)


def order_import(imported: CandidateImport, by: User | None = None) -> bool:
    """Have a worker import it, as `by` ordered. False when it was ordered before."""
    with transaction.atomic():
        if not imported.order(by):
            return False
        subject = f"{imported.name} into {imported.opening}"
        link = imported.get_absolute_url()
        record(imported.opening.workspace, by, "started the import of", subject, link)
        after_commit(wake, imported.pk)
    return True


def wake(import_id: int) -> bool:
    """Send for a worker. False when Redis can't be reached: the periodic job will do it again."""
    try:
        queue_of("imports").enqueue(
            run_import, import_id, job_id=job_id(import_id), result_ttl=0, failure_ttl=86400
        )
    except RedisError as error:
        log.warning("Import %s waits for the periodic job: %s", import_id, error)
        return False
    return True


def job_id(import_id: int) -> str:
    return f"import-{import_id}"


def run_import(import_id: int) -> None:
    """Do an import. A second delivery of the job finds it taken or ended, and does nothing.

    So does one whose workspace has another import at work: the other workers are for the other
    workspaces. When that one ends, it sends for the next, which comes behind all that wait.
    """
    of_workspace = CandidateImport.objects.filter(pk=import_id)
    workspace_id = of_workspace.values_list("opening__workspace", flat=True).first()
    if workspace_id is None:
        return
    with locks.turn_of(workspace_id) as is_mine:
        if not is_mine:
            return
        run_in_turn(import_id)
    if not is_stop_requested():
        wake_next(workspace_id)


def run_in_turn(import_id: int) -> None:
    with locks.only_one(import_id) as is_mine:
        found = CandidateImport.objects.filter(pk=import_id).select_related("opening")
        imported = found.first()
        if is_mine and imported:
            what = f"The import of {imported.name}"
            workspace_id, link = imported.opening.workspace_id, imported.get_absolute_url()
            subject = Subject(imported.pk, workspace_id, what, link)
            Isolation(LOOP).attempt(subject, partial(begin, imported))


def begin(imported: CandidateImport) -> None:
    """Run the import; fail it when it has been tried too often."""
    if not imported.run():
        return
    if imported.attempts > imported.MOST_ATTEMPTS:
        imported.fail(OURS)
    else:
        attempt(imported)


def wake_next(workspace_id: int) -> None:
    """Send for the workspace's import that has waited longest, if any does."""
    waiting = CandidateImport.objects.filter(
        status=CandidateImport.Status.QUEUED, opening__workspace=workspace_id
    ).exclude(pk__in=Isolation(LOOP).put_off)
    if imported := waiting.order_by("pk").first():
        wake(imported.pk)


def attempt(imported: CandidateImport, tell: Tell | None = None) -> None:
    """Import what has begun to run; whatever happens, it is Completed or Failed afterwards.

    Where this worker is asked to stop, it waits for another one, which begins anew.
    """
    try:
        check_rights(imported)
        load(imported, Path(imported.file.path), tell or imported.report)
    except ImportRefused as refused:
        imported.fail(f"{refused} Nothing was imported.")
    except NoLongerAllowed as reason:
        stop(imported, str(reason))
    except Interrupted:
        imported.interrupt()
    except FileNotFoundError:
        imported.fail(
            _("The uploaded file no longer exists, so nothing was imported. Upload it again.")
        )
    except Exception:  # the job's time limit too: whoever waits must learn that it ended
        log.exception("Import %s failed", imported.pk)
        imported.fail(OURS)
    else:
        forget_file(imported)


@transaction.atomic
def stop(imported: CandidateImport, why: str) -> None:
    """Fail the import with nothing imported; another member who may import can retry it."""
    if imported.fail(f"{why} Nothing was imported.", is_revoked=True):
        subject = f"{clipped(str(imported), 100)}: {why}"
        link = imported.get_absolute_url()
        record(imported.opening.workspace, None, "canceled the import of", subject, link)


def forget_file(imported: CandidateImport) -> None:
    """Delete the uploaded file: people's data is not kept longer than needed."""
    imported.file.delete(save=False)
    imported.preview = {}
    imported.save(update_fields=["file", "preview"])


def resume_lost_imports() -> int:
    """Wake up imports whose job or worker is gone. Returns how many; for the periodic job.

    One of each workspace, and none of those with an import at work: they have their turn after it.
    """
    living, busy = locks.living(), locks.busy_workspaces()
    waiting = set(queue_of("imports").get_job_ids())
    unfinished = CandidateImport.objects.filter(status__in=CandidateImport.UNFINISHED)
    unfinished = unfinished.exclude(pk__in=Isolation(LOOP).put_off)
    newest_first = unfinished.order_by("-pk").values_list("opening__workspace", "pk")
    lost = {
        workspace_id: pk
        for workspace_id, pk in newest_first
        if pk not in living and job_id(pk) not in waiting and workspace_id not in busy
    }
    return sum(map(wake, lost.values()))


def clear_abandoned_files() -> None:
    files = Isolation("import_files")
    for imported in CandidateImport.objects.abandoned().select_related("opening"):
        what = _("Deleting the file “%(name)s” of an unfinished import") % {"name": imported.name}
        workspace, link = imported.opening.workspace_id, imported.get_absolute_url()
        files.attempt(Subject(imported.pk, workspace, what, link), partial(forget_file, imported))
