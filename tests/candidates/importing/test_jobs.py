"""An import survives what happens to workers, and happens once."""

import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import django_rq
import pytest
from django.db import connection

from pipeline.candidates.importing import jobs, locks, merging
from pipeline.candidates.importing.starting import from_file
from pipeline.candidates.models import Candidate, Opening
from pipeline.candidates.models.candidate_import import CandidateImport
from pipeline.candidates.signals import candidates_changed
from pipeline.foundation import turns
from pipeline.workspaces.models import User
from tests.servers import child_environment

from .conftest import ImportRows, written

pytestmark = pytest.mark.django_db(transaction=True)
Status = CandidateImport.Status


@pytest.fixture(autouse=True)
def empty_queue() -> None:
    django_rq.get_queue("imports").empty()


@pytest.fixture
def people(tmp_path: Path) -> Path:
    rows = [[f"Person {n}", f"p{n}@x.org", f"+4477009{n:05}"] for n in range(2000)]
    return written(tmp_path / "people.csv", [["Name", "Email", "Phone"], *rows])


def in_thread(work: Callable[[int], Any]) -> Callable[[int], Any]:
    def closing(pk: int) -> Any:
        try:
            return work(pk)
        finally:
            connection.close()

    return closing


def test_two_imports_of_one_file_at_once_make_nobody_twice(people: Path, opening: Opening) -> None:
    imports = [from_file(people, opening) for _ in range(3)]
    for imported in imports:
        imported.order()

    with ThreadPoolExecutor(3) as threads:  # past the workspace's turn, as the command does it
        list(threads.map(in_thread(jobs.run_in_turn), [each.pk for each in imports]))

    assert opening.candidates.count() == 2000
    done = CandidateImport.objects.filter(status=Status.DONE)
    assert sorted(each.counts["new"] for each in done) == [0, 0, 2000]


def test_a_job_delivered_twice_imports_once(people: Path, opening: Opening) -> None:
    imported = from_file(people, opening)
    imported.order()

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(in_thread(jobs.run_import), [imported.pk] * 4))
    jobs.run_import(imported.pk)

    imported.refresh_from_db()
    assert (imported.status, imported.attempts) == (Status.DONE, 1)
    assert imported.candidates.count() == 2000


def test_a_workspace_has_one_import_at_work_and_leaves_the_other_workers_to_others(
    people: Path, opening: Opening, stranger: User
) -> None:
    first, second = from_file(people, opening), from_file(people, opening)
    theirs = from_file(people, stranger.membership.workspace.openings.get())
    for imported in (first, second, theirs):
        imported.order()

    with locks.turn_of(opening.workspace_id), ThreadPoolExecutor(1) as other_worker:
        list(other_worker.map(in_thread(jobs.run_import), [second.pk, theirs.pk]))
        assert list(other_worker.map(in_thread(resume), [0])) == [0]

    for imported in (second, theirs):
        imported.refresh_from_db()
    assert (second.status, theirs.status) == (Status.QUEUED, Status.DONE)
    jobs.run_import(first.pk)
    assert django_rq.get_queue("imports").get_job_ids() == [jobs.job_id(second.pk)]


def test_the_next_one_is_of_the_same_workspace(
    people: Path, opening: Opening, stranger: User
) -> None:
    """What waits of another has a worker of its own sent for, and would come twice."""
    theirs = from_file(people, stranger.membership.workspace.openings.get())
    first, second = from_file(people, opening), from_file(people, opening)
    for imported in (theirs, first, second):
        imported.order()

    jobs.run_import(first.pk)

    assert django_rq.get_queue("imports").get_job_ids() == [jobs.job_id(second.pk)]


def test_of_what_was_lost_each_workspace_has_its_oldest_resumed(
    people: Path, opening: Opening, stranger: User
) -> None:
    ours = [from_file(people, opening) for _ in range(3)]
    theirs = from_file(people, stranger.membership.workspace.openings.get())
    for imported in (*ours, theirs):
        imported.order()

    assert jobs.resume_lost_imports() == 2

    resumed = set(django_rq.get_queue("imports").get_job_ids())
    assert resumed == {jobs.job_id(ours[0].pk), jobs.job_id(theirs.pk)}


def resume(_: int) -> int:
    return jobs.resume_lost_imports()


def test_asked_to_stop_an_import_gives_up_and_the_next_worker_does_it(
    people: Path, opening: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    imported = from_file(people, opening)
    imported.order()
    with monkeypatch.context() as stopping:
        stopping.setattr(turns, "_is_stop_requested", True)
        jobs.run_import(imported.pk)

    imported.refresh_from_db()
    assert (imported.status, imported.attempts) == (Status.QUEUED, 0)
    assert not opening.candidates.exists()
    assert jobs.resume_lost_imports() == 1
    jobs.run_import(imported.pk)
    assert opening.candidates.count() == 2000


def test_ordering_twice_orders_once(people: Path, opening: Opening) -> None:
    imported = from_file(people, opening)

    assert jobs.order_import(imported)
    assert not jobs.order_import(CandidateImport.objects.get(pk=imported.pk))

    assert django_rq.get_queue("imports").get_job_ids() == [jobs.job_id(imported.pk)]


KILLED_IN_THE_MIDDLE = """
import os, signal, django
django.setup()
from pipeline.candidates.importing import jobs, merging, staging
def die(*args, **kwargs):
    os.kill(os.getpid(), signal.SIGKILL)
from django.conf import settings
settings.MEDIA_ROOT = {media!r}
{where} = die
jobs.run_import({pk})
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    "where", ["staging.copy", "merging.find_people", "jobs.CandidateImport.finish"]
)
def test_a_killed_worker_leaves_nothing_and_the_next_one_does_it_all(
    where: str, people: Path, opening: Opening, settings: Any
) -> None:
    imported = from_file(people, opening)
    imported.order()
    script = KILLED_IN_THE_MIDDLE.format(
        media=str(settings.MEDIA_ROOT), pk=imported.pk, where=where
    )
    environment = child_environment() | {"DJANGO_SETTINGS_MODULE": "config.settings"}

    killed = subprocess.run([sys.executable, "-c", script], env=environment, check=False)

    assert killed.returncode == -signal.SIGKILL
    imported.refresh_from_db()
    assert imported.status == Status.RUNNING
    assert not Candidate.objects.exists()
    wait_until_dead(imported.pk)
    assert jobs.resume_lost_imports() == 1
    assert django_rq.get_queue("imports").get_job_ids() == [jobs.job_id(imported.pk)]
    jobs.run_import(imported.pk)
    imported.refresh_from_db()
    assert (imported.status, opening.candidates.count()) == (Status.DONE, 2000)


def wait_until_dead(import_id: int) -> None:
    """PostgreSQL takes a moment to notice that a session's client is gone."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s::int, %s::int)", [locks.IMPORTS, import_id])
        cursor.execute("SELECT pg_advisory_unlock(%s::int, %s::int)", [locks.IMPORTS, import_id])


def test_resuming_leaves_the_living_and_the_waiting_alone(people: Path, opening: Opening) -> None:
    running, waiting = from_file(people, opening), from_file(people, opening)
    running.order()
    running.run()
    jobs.order_import(waiting)

    with locks.only_one(running.pk):
        assert jobs.resume_lost_imports() == 0

    assert jobs.resume_lost_imports() == 1


def test_what_kills_its_workers_again_and_again_fails(people: Path, opening: Opening) -> None:
    imported = from_file(people, opening)
    imported.order()
    for _ in range(imported.MOST_ATTEMPTS):
        imported.run()

    jobs.run_import(imported.pk)

    imported.refresh_from_db()
    assert imported.has_failed
    assert "nothing was imported" in imported.error


def test_a_failure_on_our_side_can_be_tried_again(
    people: Path, opening: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    imported = from_file(people, opening)
    imported.order()
    with monkeypatch.context() as broken:
        broken.setattr(merging, "COUNTS", "SELECT 1/0")  # after all is written
        jobs.run_import(imported.pk)
    imported.refresh_from_db()
    assert imported.can_retry
    assert not Candidate.objects.exists()

    jobs.order_import(imported)
    jobs.run_import(imported.pk)

    imported.refresh_from_db()
    assert (imported.is_done, imported.error, bool(imported.file)) == (True, "", False)


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("verb", CandidateImport.MOVES)
def test_only_the_moves_in_the_table_are_made(
    verb: str, status: Status, people: Path, opening: Opening
) -> None:
    imported = from_file(people, opening)
    CandidateImport.objects.filter(pk=imported.pk).update(status=status)

    moved = imported.move(verb)

    imported.refresh_from_db()
    assert moved == (status in CandidateImport.MOVES[verb])
    assert imported.status == CandidateImport.MOVES[verb].get(status, status)


def test_it_tells_that_candidates_changed(import_rows: ImportRows, opening: Opening) -> None:
    heard: list[dict[str, Any]] = []

    def hear(sender: Any, **told: Any) -> None:
        heard.append(told)

    candidates_changed.connect(hear)

    imported = import_rows("Name,Email", ("Ana", "ana@x.org"))

    candidates_changed.disconnect(hear)
    assert [(told["opening_ids"], told["import_id"]) for told in heard] == [
        ([opening.pk], imported.pk)
    ]


def test_a_column_of_notes_is_no_column_of_labels(import_rows: ImportRows) -> None:
    rows = [(f"Ana {n}", f"a{n}@x.org", f"note {n}") for n in range(600)]

    imported = import_rows("Name,Email,Tags", *rows)

    assert imported.has_failed
    assert "different labels" in imported.error
