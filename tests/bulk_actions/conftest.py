"""Bulk actions to test with: given by the recruiter, without a start delay."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from threading import Thread
from typing import Any
from uuid import uuid4

import django_rq
import pytest
from django.db import connection
from rq import Queue

from pipeline.bulk_actions.engine import lane as engine
from pipeline.bulk_actions.engine.start import start_bulk_action
from pipeline.bulk_actions.engine.wakeups import QUEUES
from pipeline.bulk_actions.models import BulkAction
from pipeline.bulk_actions.operations.move_to_folder import MoveToFolder
from pipeline.candidates.models import Candidate, Folder
from pipeline.workspaces.models import User, Workspace

StartMove = Callable[..., BulkAction]


def move_to(folder: Folder) -> MoveToFolder:
    return MoveToFolder(
        {
            "folder": folder.pk,
            "folder_name": folder.name,
            "opening": folder.opening_id,
            "opening_name": folder.opening.name,
        }
    )


@pytest.fixture
def start_move(workspace: Workspace, recruiter: User) -> StartMove:
    """Orders the move of all candidates of the folder's opening into it."""
    Workspace.objects.update(start_delay_seconds=0)

    def start(folder: Folder, lanes: int = 1, by: User = recruiter, **fields: Any) -> BulkAction:
        action, _ = start_bulk_action(
            user=User.objects.get(pk=by.pk),  # sees the new delay
            operation=move_to(folder),
            candidates=Candidate.objects.visible_to(by).filter(opening=folder.opening_id),
            key=uuid4(),
        )
        BulkAction.objects.filter(pk=action.pk).update(lanes=lanes, **fields)
        action.refresh_from_db()
        return action

    return start


@cache
def queues() -> list[Queue]:
    """Each brings a connection of its own, which takes longer than what is asked through it."""
    return [django_rq.get_queue(name) for name in QUEUES]


@pytest.fixture(autouse=True)
def empty_queue() -> Iterator[None]:
    """No lane of an earlier test is waiting."""
    yield
    if queues()[0].connection.exists(*(queue.key for queue in queues())):
        for queue in queues():
            queue.empty()


@contextmanager
def lanes(action: BulkAction, count: int) -> Iterator[list[Thread]]:
    """Real lanes, each in a thread with a database session of its own."""

    def lane(number: int) -> None:
        try:
            engine.work_on(action.pk, number)
        finally:
            connection.close()

    threads = [Thread(target=lane, args=[number]) for number in range(count)]
    for thread in threads:
        thread.start()
    try:
        yield threads
    finally:
        for thread in threads:
            thread.join()
