"""Pages of a real daphne while PostgreSQL and Redis fail under them: never a 500."""

import http.client
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from itertools import cycle
from pathlib import Path
from threading import Event

import psutil
import psycopg
import pytest
from django.db import connection
from django.test import Client

from pipeline.tasks.models import Task
from pipeline.workspaces.models import User
from tests import servers
from tests.daphne import Daphne
from tests.tasks.conftest import MakeTask
from tests.tasks.conftest import candidate as candidate
from tests.tasks.conftest import make_task as make_task
from tests.tasks.conftest import no_limit as no_limit

from .conftest import wait_for

pytestmark = pytest.mark.django_db(transaction=True)
VISITORS = 6
TOKEN = "x" * 32
PAGES = ("/candidates/", "/tasks/", "/notifications/panel/", "/bulk-actions/", "/admin/")


@pytest.fixture
def web(transactional_db: None, tmp_path: Path) -> Iterator[Daphne]:
    web = Daphne(tmp_path / "web.log", environment={"ANSWER_SECONDS": "3"})
    web.start()
    yield web
    web.kill()


class Visitor:
    """Asks for pages and accepts tasks until told to stop. Notes each answer."""

    def __init__(self, web: Daphne, session: str, tasks: list[int]) -> None:
        self.port = web.port
        self.tasks = tasks
        self.answers: list[tuple[str, int, str]] = []
        self.headers = {
            "Cookie": f"sessionid={session}; csrftoken={TOKEN}",
            "X-CSRFToken": TOKEN,
            "Connection": "close",
        }

    def work(self, over: Event) -> None:
        for page, task in zip(cycle(PAGES), cycle(self.tasks), strict=False):
            if over.is_set():
                return
            self.ask("GET", page)
            self.ask("POST", f"/tasks/{task}/accept/")

    def ask(self, method: str, path: str) -> None:
        server = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            server.request(method, path, headers=self.headers)
            answer = server.getresponse()
            self.answers.append((path, answer.status, answer.read(4000).decode()))
        finally:
            server.close()


def restart_postgresql(mode: str) -> None:
    assert servers.postgres
    servers.postgres.restart(mode)


def end_all_sessions() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )
    connection.close()


def use_all_connections() -> None:
    """For as long as it takes to refuse somebody."""
    taken: list[psycopg.Connection] = []
    try:
        while True:
            taken.append(psycopg.connect(os.environ["DATABASE_URL"]))
    except psycopg.OperationalError:
        time.sleep(0.5)
    finally:
        for one in taken:
            one.close()


def restart_redis() -> None:
    assert servers.redis
    servers.redis.kill()
    servers.redis.start()
    servers.redis.wait_until_ready()


FAULTS: list[Callable[[], None]] = [
    partial(restart_postgresql, "immediate"),
    use_all_connections,
    partial(restart_postgresql, "fast"),
    restart_redis,
    end_all_sessions,
]


@pytest.mark.parametrize("rounds", [1, pytest.param(20, marks=pytest.mark.soak)])
def test_while_servers_restart_no_answer_is_a_500(
    web: Daphne,
    client_of: Callable[[User], Client],
    owner: User,
    make_task: MakeTask,
    no_limit: None,
    rounds: int,
) -> None:
    User.objects.filter(pk=owner.pk).update(is_staff=True, is_superuser=True)
    session = client_of(owner).cookies["sessionid"].value
    tasks = [make_task().pk for _ in range(60)]
    visitors = [Visitor(web, session, tasks[at::VISITORS]) for at in range(VISITORS)]
    connection.close()
    over = Event()

    with ThreadPoolExecutor(VISITORS) as pool:
        done = [pool.submit(visitor.work, over) for visitor in visitors]
        try:
            for fault in FAULTS * rounds:
                fault()
                enough = [len(visitor.answers) + 4 for visitor in visitors]
                wait_for(have_asked, visitors, enough)
        finally:
            over.set()
        for one in done:
            one.result()

    answers = [answer for visitor in visitors for answer in visitor.answers]
    wrong = [answer for answer in answers if answer[1] not in (200, 302, 303, 503)]
    assert wrong == [], (wrong[:3], web.log.read_text()[-6000:])
    counts = Counter(status for _, status, _ in answers)
    assert counts[303]
    assert counts[503]
    assert Task.objects.filter(agent=owner).exists()


def test_while_postgresql_hangs_a_page_is_a_503_in_time(
    web: Daphne, client_of: Callable[[User], Client], owner: User
) -> None:
    visitor = Visitor(web, client_of(owner).cookies["sessionid"].value, [])
    assert servers.postgres
    assert servers.postgres.process
    server = psutil.Process(servers.postgres.process.pid)
    visitor.ask("GET", "/candidates/")
    family = [server, *server.children(recursive=True)]

    for process in family:
        with suppress(psutil.NoSuchProcess):
            process.suspend()
    try:
        visitor.ask("GET", "/candidates/")
        visitor.ask("GET", "/healthz")
    finally:
        for process in family:
            with suppress(psutil.NoSuchProcess):  # some backend that had ended already
                process.resume()
    visitor.ask("GET", "/candidates/")

    assert [status for _, status, _ in visitor.answers] == [200, 503, 200, 200]
    assert "Back in a moment" in visitor.answers[1][2]


def have_asked(visitors: list[Visitor], enough: list[int]) -> bool:
    return all(len(one.answers) >= most for one, most in zip(visitors, enough, strict=True))
