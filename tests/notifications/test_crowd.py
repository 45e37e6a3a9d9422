"""A hundred panels on one daphne: nothing lost, few questions, few connections, a quick end."""

import contextlib
import json
import signal
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis
from django.conf import settings
from django.db import connection

import tests.servers as servers
from notifications.publishing import workspace_channel
from pipeline.bulk_actions.engine import lane
from pipeline.bulk_actions.models import BulkAction
from pipeline.workspaces.models import Role, User, Workspace
from tests.conftest import join
from tests.daphne import Daphne
from tests.panels.crowd import Crowd, crowd_of, login_of

pytestmark = pytest.mark.django_db(transaction=True)
PANELS = 100
USERS = 20
REPORTED_AFTER = 1.5  # seconds until a session has told PostgreSQL's statistics what it did
NAME = "belay-web"  # what PostgreSQL calls the connections of the daphne here


@pytest.fixture
def users(workspace: Workspace) -> list[User]:
    return [join(workspace, Role.RECRUITER, f"user{number} X") for number in range(USERS)]


@pytest.fixture(scope="module")
def daphne(tmp_path_factory: pytest.TempPathFactory, django_db_setup: None) -> Iterator[Daphne]:
    """One for these tests, whose connections PostgreSQL can tell from others."""
    url = f"{servers.child_environment()['DATABASE_URL']}&application_name={NAME}"
    log = tmp_path_factory.mktemp("crowd") / "daphne.log"
    daphne = Daphne(log, environment={"DATABASE_URL": url})
    daphne.start()
    yield daphne
    daphne.kill()


@pytest.fixture
def crowd(daphne: Daphne, users: list[User], action: BulkAction) -> Iterator[Crowd]:
    with crowd_of(PANELS, daphne.port, users) as crowd:
        crowd.wait_until_shown()
        yield crowd


@pytest.fixture
def action(make_candidates, opening, start_move) -> BulkAction:
    make_candidates(3)
    action: BulkAction = start_move(opening.folders.get(name="Hired"))
    return action


def connections() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE application_name = %s", [NAME])
        return int(cursor.fetchone()[0])


def commits() -> int:
    """How many transactions this database has seen. Sessions report with some delay."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()"
        )
        return int(cursor.fetchone()[0])


def test_every_push_reaches_every_panel_and_all_are_right_in_the_end(
    crowd: Crowd, action: BulkAction, workspace: Workspace
) -> None:
    published = []
    with redis.Redis.from_url(settings.REDIS_URL).pubsub() as pubsub:
        pubsub.subscribe(workspace_channel(workspace.pk))
        action.start()
        for _ in range(20):
            action.refresh_from_db()
            BulkAction.objects.filter(pk=action.pk).update(version=action.version + 1)
            action.announce(status_changed=False)
        lane.work_on(action.pk, 0)
        while message := pubsub.get_message(timeout=1):
            if message["type"] == "message":
                published.append(json.loads(message["data"]))

    crowd.wait_until(lambda: crowd.showing(action.pk, "completed") == PANELS, seconds=10)
    action.refresh_from_db()
    ((rows, panels),) = crowd.rows()
    assert (rows[str(action.pk)][0], panels) == (action.version, PANELS)
    heard = crowd.ask("heard")
    versions = {message["version"] for message in published}
    assert len(versions) >= 21
    assert {version: heard.get(f"{action.pk} {version}") for version in versions} == dict.fromkeys(
        versions, PANELS
    )


def test_to_connect_and_to_look_up_a_lost_push_are_questions_for_many_at_once(
    daphne: Daphne, users: list[User], action: BulkAction
) -> None:
    before = commits()
    with crowd_of(PANELS, daphne.port, users[:5]) as crowd:  # each login is some of them
        crowd.wait_until_shown()
        time.sleep(REPORTED_AFTER)
        connected = commits()
        assert connected - before < PANELS
        BulkAction.objects.filter(pk=action.pk).update(status="in_progress")  # and Redis was away

        action.announce(status_changed=False)

        crowd.wait_until(lambda: crowd.showing(action.pk, "in_progress") == PANELS, seconds=10)
        time.sleep(REPORTED_AFTER)
        assert commits() - connected < PANELS / 2


def test_pages_and_sockets_keep_to_eight_connections(
    crowd: Crowd, daphne: Daphne, users: list[User], action: BulkAction
) -> None:
    most = 0
    with ThreadPoolExecutor(30) as pool:
        asked = [
            pool.submit(status_of, daphne, login_of(users[n % USERS]), path)
            for n in range(30)
            for path in ("/bulk-actions/", "/readyz")
        ]
        while not all(each.done() for each in asked):
            most = max(most, connections())
            action.announce(status_changed=False)
            time.sleep(0.02)

    assert {each.result() for each in asked} == {200, 503}  # /readyz: there is no worker
    assert 1 <= most <= 8


@pytest.mark.soak  # with one page, everyday: test_page.py
def test_panels_stay_right_while_redis_is_away_and_after(
    crowd: Crowd, action: BulkAction, users: list[User], make_candidates, opening, start_move
) -> None:
    assert servers.redis, "needs the embedded Redis"
    servers.redis.end(signal.SIGKILL)
    try:
        action.cancel(by=users[0])
        crowd.wait_until(lambda: crowd.showing(action.pk, "canceled") == PANELS, seconds=20)
    finally:
        servers.redis.start()
        servers.redis.wait_until_ready()
    make_candidates(3)
    later = start_move(opening.folders.get(name="Rejected"))

    crowd.wait_until(lambda: crowd.showing(later.pk, "in_queue") == PANELS, seconds=30)


def test_it_ends_soon_whatever_is_open_and_all_panels_come_back_right(
    crowd: Crowd, daphne: Daphne, users: list[User], action: BulkAction
) -> None:
    """With busy clients, whose requests wait for a lock that nobody gives back in time."""
    stop = threading.Event()
    keys = [login_of(user) for user in users]

    def browse(number: int) -> None:
        while not stop.is_set():
            with contextlib.suppress(OSError):
                status_of(daphne, keys[number % USERS])

    with connection.cursor() as cursor, ThreadPoolExecutor(60) as pool:
        cursor.execute("BEGIN")
        try:
            cursor.execute("LOCK TABLE notifications_notice")  # every page asks for the bell
            for number in range(60):
                pool.submit(browse, number)
            time.sleep(1)
            assert daphne.process
            daphne.process.send_signal(signal.SIGTERM)
            # Raises when it is still there, as one that joins its threads would be for ever. How
            # long it takes (5 s at most) the benchmark tells: here others may have the processor.
            daphne.process.wait(20)
        finally:
            stop.set()
            cursor.execute("ROLLBACK")

    action.cancel(by=users[0])
    daphne.start()
    crowd.wait_until(lambda: crowd.showing(action.pk, "canceled") == PANELS, seconds=30)


def status_of(daphne: Daphne, session: str, path: str = "/bulk-actions/") -> int:
    """Of a page, asked for without a client's ado."""
    with socket.create_connection(("127.0.0.1", daphne.port), timeout=60) as asked:
        asked.sendall(
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
            f"Cookie: sessionid={session}\r\n\r\n".encode()
        )
        head = asked.recv(64)
        while asked.recv(65536):
            pass
    return int(head.split()[1]) if head else 0
