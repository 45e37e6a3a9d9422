"""Nothing stays of an export but its file, and that not for long: it is personal data."""

import logging
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any

import django_rq
from django.core.files.storage import default_storage
from redis.exceptions import RedisError

from pipeline.bulk_actions.models import BulkAction, locks
from pipeline.bulk_actions.operations.export import Export
from pipeline.bulk_actions.writing.export_files import ROOM, folder_of, forget_scratch
from pipeline.foundation import database_clock, rq_clock
from pipeline.foundation.queues import queue_of
from pipeline.workspaces.setbacks.isolation import Isolation, Subject

log = logging.getLogger(__name__)
KEPT = timedelta(days=30)
AGAIN = timedelta(seconds=5)
TTLS = {"result_ttl": 0, "failure_ttl": 3600}
SCRATCH_KEPT = timedelta(days=1)


def clear_when_ended(action_id: int, status_changed: bool, **_signal: Any) -> None:
    """A receiver of `bulk_action_changed`: what is no longer needed goes at once."""
    ended = BulkAction.objects.ended().filter(pk=action_id, operation=Export.key)
    if status_changed and ended.exists():
        try:
            queue_of("default").enqueue(clear, action_id, **TTLS)
        except RedisError as error:
            log.warning("Export %s is cleared within the hour: %s", action_id, error)


def clear(action_id: int) -> None:
    """Delete all that an ended export has left but its file."""
    with locks.only_conclusion(action_id) as is_mine:
        if is_mine:
            clear_folder(folder_of(action_id).removeprefix(f"{ROOM}/"))
    if not is_mine:  # somebody is still at it, and will soon see that it ended
        django_rq.get_queue("default").enqueue_at(
            rq_clock.not_before(database_clock.now() + AGAIN), clear, action_id, **TTLS
        )


def clear_exports() -> None:
    """The periodic job: old files, and whatever a lost job or a crash has left anywhere."""
    exports = Isolation("exports")
    old = BulkAction.objects.ended().filter(ended_at__lt=database_clock.now() - KEPT)
    for action in old.exclude(file=""):
        exports.attempt(subject_of(action.pk, action), partial(forget_file, action.pk))
    with suppress(FileNotFoundError):
        for folder in default_storage.listdir(ROOM)[0]:
            clear_with_care(folder, exports)
    forget_scratch(older_than=SCRATCH_KEPT)


def forget_file(action_id: int) -> None:
    BulkAction.objects.filter(pk=action_id).update(file="")


def clear_with_care(folder: str, exports: Isolation) -> None:
    """One that can't be deleted, or is none of an export's, is left for the next time."""
    number = folder.partition("-")[0]
    if not (number.isascii() and number.isdecimal() and len(number) < 19):
        log.warning("The folder %s/%s is none of an export's: it stays.", ROOM, folder)
        return
    action = BulkAction.objects.filter(pk=number).first()
    subject = subject_of(int(number), action, "folder")
    exports.attempt(subject, partial(clear_folder, folder))


def subject_of(pk: int, action: BulkAction | None, part: str = "") -> Subject:
    workspace, link = (action.workspace_id, action.get_absolute_url()) if action else (None, "")
    return Subject(pk, workspace, "Deleting the files of an old export", link, part)


def clear_folder(folder: str) -> None:
    """Delete what no action has as its file, unless one is at work in there."""
    action = BulkAction.objects.filter(pk=folder.partition("-")[0]).first()
    if action and action.is_active:
        return
    with suppress(FileNotFoundError):
        for name in default_storage.listdir(f"{ROOM}/{folder}")[1]:
            if not action or action.file.name != f"{ROOM}/{folder}/{name}":
                default_storage.delete(f"{ROOM}/{folder}/{name}")
    with suppress(OSError):  # where folders are something of their own, and this one is not empty
        default_storage.delete(f"{ROOM}/{folder}")
