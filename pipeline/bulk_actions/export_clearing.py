"""Nothing stays of an export but its file, and that not for long: it is personal data."""

import logging
from contextlib import suppress
from datetime import timedelta
from typing import Any

import django_rq
from django.core.files.storage import default_storage
from django.utils import timezone
from redis.exceptions import RedisError

from . import locks
from .export_files import ROOM, folder_of, forget_scratch
from .models import BulkAction
from .operations.export import Export

log = logging.getLogger(__name__)
KEPT = timedelta(days=30)
AGAIN = timedelta(seconds=5)
SCRATCH_KEPT = timedelta(days=1)


def clear_when_ended(action_id: int, status_changed: bool, **_signal: Any) -> None:
    """A receiver of `bulk_action_changed`: what is no longer needed goes at once."""
    ended = BulkAction.objects.ended().filter(pk=action_id, operation=Export.key)
    if status_changed and ended.exists():
        try:
            django_rq.get_queue("default").enqueue(clear, action_id, result_ttl=0)
        except RedisError as error:
            log.warning("Export %s is cleared within the hour: %s", action_id, error)


def clear(action_id: int) -> None:
    """Delete all that an ended export has left but its file."""
    with locks.only_conclusion(action_id) as is_mine:
        if is_mine:
            clear_folder(folder_of(action_id).removeprefix(f"{ROOM}/"))
    if not is_mine:  # somebody is still at it, and will soon see that it ended
        django_rq.get_queue("default").enqueue_in(AGAIN, clear, action_id, result_ttl=0)


def clear_exports() -> None:
    """The periodic job: old files, and whatever a lost job or a crash has left anywhere."""
    old = BulkAction.objects.ended().filter(ended_at__lt=timezone.now() - KEPT)
    old.exclude(file="").update(file="")
    with suppress(FileNotFoundError):
        for folder in default_storage.listdir(ROOM)[0]:
            clear_folder(folder)
    forget_scratch(older_than=SCRATCH_KEPT)


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
