"""Backups, made with PostgreSQL's own programs and restored: nobody is written to a second time
before somebody says so. What is no restore is not taken for one."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import django_rq
import pytest
from django.conf import settings
from django.db import connection

from config.embedded import PostgreSQL
from pipeline.bulk_actions.engine import lane
from pipeline.bulk_actions.models import BulkAction
from pipeline.candidates.models import Opening
from pipeline.outreach.models import Message, MessageTemplate
from pipeline.workspaces.models import Workspace
from pipeline.workspaces.restores import detection
from tests import servers
from tests.bulk_actions.conftest import StartMove
from tests.bulk_actions.conftest import start_move as start_move
from tests.bulk_actions.messages import StartSend, begin
from tests.bulk_actions.messages import as_fast_as_possible as as_fast_as_possible
from tests.bulk_actions.messages import start_send as start_send
from tests.bulk_actions.messages import template as template
from tests.conftest import MakeCandidates
from tests.servers import NO_FLUSH_TO_DISK, child_environment

pytestmark = pytest.mark.django_db(transaction=True)


def server() -> PostgreSQL:
    assert servers.postgres, "needs the embedded PostgreSQL"
    return servers.postgres


def run(program: str, *options: str) -> None:
    """One of PostgreSQL's programs, on the server of the tests."""
    command = [str(server().programs() / program), "-h", str(server().sockets), "-U", "belay"]
    subprocess.run([*command, *options], check=True, **server().as_user())


@pytest.fixture
def at_work(
    make_candidates: MakeCandidates,
    opening: Opening,
    start_send: StartSend,
    start_move: StartMove,
    template: MessageTemplate,
) -> None:
    """Four are written to, the first one just now; and they are moved as well."""
    people = make_candidates(4)
    sending = start_send(template, people)
    sending.start()
    first = people.order_by("pk").first()
    assert first
    begin(sending, first)
    start_move(opening.folders.get(name="Shortlisted"))
    django_rq.get_connection().flushall()
    detection.look()


def the_original_goes_on() -> None:
    """After the backup: everybody is written to."""
    for action in BulkAction.objects.active():
        lane.work_on(action.pk, 0)
    assert sorted(Message.objects.values_list("status", flat=True)) == ["sent"] * 3 + [
        "unconfirmed"
    ]
    assert not Workspace.objects.get().holds_messages


class Copy:
    """A restored database, and Belay started on it."""

    def __init__(self, url: str, **environment: str) -> None:
        self.environment = {
            **child_environment(),
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DATABASE_URL": url,
            **environment,
        }

    def work(self, *steps: str) -> list[dict[str, Any]]:
        done = subprocess.run(
            [sys.executable, "-m", "tests.faults.lanes_at_work", *steps],
            cwd=settings.BASE_DIR,
            env=self.environment,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        return [json.loads(line) for line in done.stdout.splitlines()]


def assert_it_waits_until_confirmed(copy: Copy, why: str) -> None:
    first, held, confirmed, ended = copy.work("work", "work", "confirm", "work", "work")

    assert held["held"] == why
    assert held["messages"] == ["unconfirmed"]
    assert held["actions"] == {"send_message": "in_progress", "move_to_folder": "completed"}
    assert held == first

    assert confirmed["held"] == ""
    assert confirmed["messages"] == ["sent"] * 3 + ["unconfirmed"]
    assert confirmed["actions"]["send_message"] == "completed_with_failures"
    assert confirmed["written"] == held["written"] + 3
    assert ended == confirmed


# --- a dump ---


@pytest.fixture
def dump() -> Iterator[Callable[[], Path]]:
    """Of the test database, as it is; and an empty database `copied` to restore it into."""
    folder = Path(os.environ["BELAY_DATA"]) / "dumps"
    folder.mkdir(exist_ok=True)
    folder.chmod(0o777)  # as root, PostgreSQL's programs run as another user
    file = folder / "belay.dump"

    def make() -> Path:
        run("pg_dump", "-Fc", "-f", str(file), str(connection.settings_dict["NAME"]))
        return file

    yield make
    run("dropdb", "--if-exists", "--force", "copied")
    file.unlink(missing_ok=True)


def test_a_dump_restored_into_a_new_database(dump: Callable[[], Path], at_work: None):
    file = dump()
    the_original_goes_on()

    run("createdb", "copied")
    run("pg_restore", "-d", "copied", str(file))

    copy = Copy(f"postgres://belay@/copied?host={server().sockets}")
    assert_it_waits_until_confirmed(copy, detection.COPIED)
    detection.look()
    assert not Workspace.objects.get().holds_messages, "the original is as it was"


# --- the files of the cluster ---


@pytest.fixture
def backup() -> Iterator[PostgreSQL]:
    """A base backup of the whole cluster, made now, and a server to be started on it."""
    folder = Path(os.environ["BELAY_DATA"])
    copy = PostgreSQL(folder / "restored", folder / "restored.log", NO_FLUSH_TO_DISK)
    copy.make_home()
    yield copy
    copy.stop("immediate")
    subprocess.run(["rm", "-rf", str(copy.home)], check=True)


def url_of(copy: PostgreSQL) -> str:
    copy.start()
    copy.wait_until_ready()
    return f"postgres://belay@/{connection.settings_dict['NAME']}?host={copy.sockets}"


def recover(copy: PostgreSQL) -> None:
    """As point-in-time recovery does: to the end of what is there, and then a new timeline."""
    copy.settings |= {"restore_command": "false"}
    signal = copy.cluster / "recovery.signal"
    signal.touch()
    if copy.user:
        os.chown(signal, copy.user.pw_uid, copy.user.pw_gid)


def test_a_copy_of_the_clusters_files(at_work: None, backup: PostgreSQL):
    run("pg_basebackup", "-D", str(backup.cluster), "-X", "stream", "-c", "fast")
    the_original_goes_on()

    assert_it_waits_until_confirmed(Copy(url_of(backup)), detection.WENT_BACK)


def test_recovery_in_an_environment_that_knows_nothing(at_work: None, backup: PostgreSQL):
    run("pg_basebackup", "-D", str(backup.cluster), "-X", "stream", "-c", "fast")
    the_original_goes_on()

    recover(backup)

    elsewhere = settings.REDIS_URL.replace("db=0", "db=7")
    assert elsewhere != settings.REDIS_URL
    copy = Copy(url_of(backup), REDIS_URL=elsewhere)
    assert_it_waits_until_confirmed(copy, detection.RECOVERED)


# --- what is no restore ---


def test_restarts_crashes_and_a_lost_redis_hold_nothing(at_work: None):
    for mode in ("fast", "immediate"):
        connection.close()
        server().restart(mode)
        detection.look()
    django_rq.get_connection().flushall()
    detection.look()
    detection.look()

    the_original_goes_on()


@pytest.mark.soak
def test_a_failover_that_lost_nothing_holds_nothing(at_work: None, backup: PostgreSQL):
    run("pg_basebackup", "-D", str(backup.cluster), "-X", "stream", "-c", "fast")
    recover(backup)  # a promoted standby has a new timeline, too

    (told,) = Copy(url_of(backup)).work("work")

    assert told["held"] == ""
    assert told["messages"] == ["sent"] * 3 + ["unconfirmed"]
