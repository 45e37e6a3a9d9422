"""What was committed is answered as done, though Redis hangs: nothing that follows may fail it."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client

from pipeline.bulk_actions.models import BulkAction
from pipeline.candidates.models import Opening
from pipeline.candidates.models.candidate_import import CandidateImport
from pipeline.foundation.commits import after_commit
from pipeline.tasks.models import Task
from pipeline.workspaces.models import User
from tests import servers
from tests.bulk_actions.conftest import StartMove
from tests.tasks.conftest import MakeTask
from tests.tasks.conftest import candidate as candidate
from tests.tasks.conftest import make_task as make_task

pytestmark = pytest.mark.django_db(transaction=True)
PATIENCE_SECONDS = 10  # of a person, on a busy machine


@pytest.fixture
def redis_hangs() -> Iterator[Callable[[], None]]:
    """From the call on until the end of the test."""
    assert servers.redis
    assert servers.redis.process
    server = psutil.Process(servers.redis.process.pid)
    yield server.suspend
    server.resume()


def test_an_import_that_was_ordered(
    client_of: Callable[[User], Client], recruiter: User, opening: Opening, redis_hangs
) -> None:
    client = client_of(recruiter)
    file = SimpleUploadedFile("people.csv", b"Full name,Mail\nAna Ruiz,ana@x.org\n")
    answer = client.post(
        "/candidates/import/", {"file": file, "opening": opening.pk, "region": "GB"}
    )
    imported = CandidateImport.objects.get()
    columns = {"column-0": "full_name", "column-1": "email", "region": "GB", "separator": ""}

    redis_hangs()
    began = time.monotonic()
    answer = client.post(f"/candidates/import/{imported.pk}/columns/", columns)

    assert (answer.status_code, answer["Location"]) == (302, imported.get_absolute_url())
    imported.refresh_from_db()
    assert imported.status in CandidateImport.UNFINISHED
    assert time.monotonic() - began < PATIENCE_SECONDS


def test_a_task_that_was_accepted_also_when_it_is_asked_for_again(
    client_of: Callable[[User], Client], agent: User, make_task: MakeTask, redis_hangs
) -> None:
    task = make_task()
    client = client_of(agent)

    redis_hangs()
    answers = [client.post(f"/tasks/{task.pk}/accept/") for _ in range(2)]

    told = [(answer.status_code, answer["Location"]) for answer in answers]
    assert told == [(303, task.get_absolute_url())] * 2
    assert Task.objects.get().is_mine(agent)


def test_a_bulk_action_that_was_started(
    make_candidates, opening: Opening, start_move: StartMove, redis_hangs
) -> None:
    make_candidates(3)

    redis_hangs()
    began = time.monotonic()
    action = start_move(opening.folders.get(name="Hired"))

    assert BulkAction.objects.get(pk=action.pk).is_active
    assert time.monotonic() - began < PATIENCE_SECONDS


def test_nothing_that_follows_a_commit_can_raise(caplog: pytest.LogCaptureFixture) -> None:
    with transaction.atomic():
        after_commit(int, "not a number")  # raises nothing here, and is logged

    assert "invalid literal" in caplog.text


def test_whatever_follows_a_commit_is_said_to_follow_it() -> None:
    """By `after_commit` alone: an error in a plain on_commit would be the answer."""
    rooms = [Path(settings.BASE_DIR) / room for room in ("config", "notifications", "pipeline")]
    files = [file for room in rooms for file in room.rglob("*.py") if "migrations" not in str(file)]

    assert [file.name for file in files if ".on_commit(" in file.read_text()] == ["commits.py"]
