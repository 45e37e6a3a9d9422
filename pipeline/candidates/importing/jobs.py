"""Imports as RQ jobs. The database is the truth; a job is only a wake-up call."""

import logging
from pathlib import Path

import django_rq
from django.db import transaction

from pipeline.workspaces.audit import record
from pipeline.workspaces.models import User

from . import locks
from .errors import ImportRefused
from .loading import Tell, load
from .models import CandidateImport

log = logging.getLogger(__name__)

OURS = (
    "The import stopped for a reason on our side, and nothing was imported. "
    "Try again; if that fails too, contact support."
)


def order_import(imported: CandidateImport, by: User | None = None) -> bool:
    """Have a worker import it, as `by` ordered. False when it was ordered before."""
    with transaction.atomic():
        if not imported.order():
            return False
        told = f"{imported.name} into {imported.opening}"
        link = imported.get_absolute_url()
        record(imported.opening.workspace, by, "started the import of", told, link)
        transaction.on_commit(lambda: enqueue(imported.pk))
    return True


def enqueue(import_id: int) -> None:
    django_rq.get_queue("imports").enqueue(
        run_import, import_id, job_id=job_id(import_id), result_ttl=0, failure_ttl=86400
    )


def job_id(import_id: int) -> str:
    return f"import-{import_id}"


def run_import(import_id: int) -> None:
    """Do an import. A second delivery of the job finds it taken or ended, and does nothing."""
    with locks.only_one(import_id) as is_mine:
        imported = CandidateImport.objects.filter(pk=import_id).first()
        if not is_mine or imported is None or not imported.run():
            return
        if imported.attempts > imported.MOST_ATTEMPTS:
            imported.fail(OURS)
            return
        attempt(imported)


def attempt(imported: CandidateImport, tell: Tell | None = None) -> None:
    """Import what has begun to run; whatever happens, it is Completed or Failed afterwards."""
    try:
        load(imported, Path(imported.file.path), tell or imported.report)
    except ImportRefused as refused:
        imported.fail(f"{refused} Nothing was imported.")
    except FileNotFoundError:
        imported.fail("The uploaded file is gone, and nothing was imported. Upload it again.")
    except Exception:  # the job's time limit too: whoever waits must learn that it ended
        log.exception("Import %s failed", imported.pk)
        imported.fail(OURS)
    else:
        forget_file(imported)


def forget_file(imported: CandidateImport) -> None:
    """People's data is not kept longer than needed."""
    imported.file.delete(save=False)
    imported.save(update_fields=["file"])


def resume_lost_imports() -> int:
    """Wake up imports whose job or worker is gone. Returns how many; for the periodic job."""
    living = locks.living()
    waiting = set(django_rq.get_queue("imports").get_job_ids())
    unfinished = CandidateImport.objects.filter(status__in=CandidateImport.UNFINISHED)
    lost = [
        pk
        for pk in unfinished.order_by("pk").values_list("pk", flat=True)
        if pk not in living and job_id(pk) not in waiting
    ]
    for pk in lost:
        enqueue(pk)
    return len(lost)


def clear_abandoned_files() -> None:
    for imported in CandidateImport.objects.abandoned():
        forget_file(imported)
