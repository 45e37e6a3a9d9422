"""Many open panels while an action runs: how late a push is, and what watching costs the others.

The panels are in a process of their own, as are daphne and the worker. A deferred trigger writes
down when each version of an action was committed; a panel, when it heard of it.
"""

import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread

import psutil
import requests
from django.conf import settings
from django.db import connection

from pipeline.bulk_actions.models import BulkAction, Status
from pipeline.workspaces.models import Membership, Role, User
from tests.daphne import Daphne
from tests.panels.crowd import Crowd, crowd_of, login_of
from tests.servers import child_environment

from .crew import crew_of
from .engine import Bench
from .report import Report

USERS = 50
NAME = "belay-web"
PATIENCE_SECONDS = 40.0
PAGE_EVERY = 0.5  # seconds between two questions for a page


def measure(size: int, panels: int, report: Report) -> None:
    """Run an action over `size` candidates by turns with none and with `panels` watching."""
    bench = Bench(size)
    users = members(bench)
    write_commits_down()
    alone, watched = [], []
    with server() as daphne, crew_of(1):
        alone.append(run(bench, daphne, users, 0, report))
        watched.append(run(bench, daphne, users, panels, report))
        watched.append(run(bench, daphne, users, panels, report))
        alone.append(run(bench, daphne, users, 0, report))
        slower = 100 * (min(watched) / min(alone) - 1)
        report.add("panels: engine slower than with none", panels, slower, "%", at_most=3)
        restart(bench, daphne, users, panels, report)


def run(bench: Bench, daphne: Daphne, users: list[User], panels: int, report: Report) -> float:
    """Seconds that one action took, from its first chunk to its end."""
    bench.tidy()
    with crowd_of(panels, daphne.port, users) as crowd, pages(daphne, users[0]) as took:
        opened = patiently(crowd.wait_until_shown)
        crowd.ask("times")
        with connections() as seen:
            action = bench.order()
            while action.status in (Status.IN_QUEUE, Status.IN_PROGRESS):
                time.sleep(0.05)
                action.refresh_from_db()
        assert action.started_at
        assert action.ended_at
        if panels:
            report.add("panels: all open and shown", panels, opened, "s")
            tell_of(action, crowd, report)
            report.add("panels: connections of daphne, most", panels, max(seen), "", at_most=8)
    p95 = statistics.quantiles(took, n=20)[-1] * 1000
    report.add(f"panels: {len(took)} pages in between, p95", panels, p95, "ms", at_most=500)
    seconds = (action.ended_at - action.started_at).total_seconds()
    report.add("panels: the action, while so many watch", panels, seconds, "s")
    return seconds


def tell_of(action: BulkAction, crowd: Crowd, report: Report) -> None:
    """What the panels heard of an action that has ended."""
    everybody = crowd.count
    patiently(
        partial(crowd.wait_until, lambda: crowd.showing(action.pk, action.status) == everybody)
    )
    late = time.time() - commits(action)[action.version]
    right = crowd.showing(action.pk, action.status)
    report.add("panels: that show the end", everybody, right, "", at_least=everybody)
    report.add("panels: all right after the end", everybody, late, "s", at_most=1)
    at = commits(action)
    heard = [
        (version, when - at[version]) for pk, version, when in crowd.ask("times") if version in at
    ]
    delays = sorted(delay * 1000 for _, delay in heard)
    versions = {version for version, _ in heard}
    report.add("panels: pushes", everybody, len(versions), "")
    report.add("panels: commit to socket, p50", everybody, statistics.median(delays), "ms")
    p95 = delays[int(len(delays) * 0.95)]
    report.add("panels: commit to socket, p95", everybody, p95, "ms", at_most=300)
    report.add("panels: commit to socket, worst", everybody, delays[-1], "ms")
    lost = len(versions) * everybody - len(heard)
    report.add("panels: pushes lost", everybody, lost, "", at_most=0)


def restart(bench: Bench, daphne: Daphne, users: list[User], panels: int, report: Report) -> None:
    """A server that ends in good order and comes again; meanwhile an action is canceled."""
    action = bench.blank_action()
    BulkAction.objects.filter(pk=action.pk).update(status=Status.IN_PROGRESS)
    with crowd_of(panels, daphne.port, users) as crowd:
        patiently(crowd.wait_until_shown)
        began = time.monotonic()
        daphne.stop()
        report.add("panels: end of daphne", panels, time.monotonic() - began, "s", at_most=5)
        action.cancel(by=users[0])
        daphne.start()
        patiently(
            partial(crowd.wait_until, lambda: crowd.showing(action.pk, Status.CANCELED) == panels)
        )
        again = time.monotonic() - began
        report.add("panels: all right after a restart", panels, again, "s", at_most=10)


def patiently(wait: Callable[[float], float]) -> float:
    """Seconds until it is so, or PATIENCE_SECONDS: a figure of that size speaks for itself."""
    try:
        return wait(PATIENCE_SECONDS)
    except TimeoutError:
        return PATIENCE_SECONDS


# --- the parts ---


def members(bench: Bench) -> list[User]:
    users = [User(email=f"panel{number}@example.com", password="!") for number in range(USERS)]
    User.objects.bulk_create(users)
    Membership.objects.bulk_create(
        Membership(user=user, workspace=bench.workspace, role=Role.RECRUITER) for user in users
    )
    return users


class ColdDaphne(Daphne):
    """Begins as an operator's does: how long that takes is a part of the figures."""

    def launch(self) -> None:
        with self.log.open("a") as log:
            self.process = psutil.Popen(
                [sys.executable, "-m", "daphne", "-p", str(self.port), "config.asgi:application"],
                cwd=settings.BASE_DIR,
                env=child_environment() | self.environment,
                stdout=log,
                stderr=log,
            )


@contextmanager
def server() -> Iterator[Daphne]:
    with TemporaryDirectory() as folder:
        url = f"{child_environment()['DATABASE_URL']}&application_name={NAME}"
        environment = {"ALLOWED_HOSTS": "127.0.0.1", "DATABASE_URL": url}
        daphne = ColdDaphne(Path(folder) / "daphne.log", environment=environment)
        daphne.start()
        try:
            yield daphne
        finally:
            daphne.kill()


@contextmanager
def pages(daphne: Daphne, user: User) -> Iterator[list[float]]:
    """Seconds that the list of candidates took each time, asked for again and again."""
    took: list[float] = []
    stop = Event()
    cookies = {"sessionid": login_of(user)}

    def ask() -> None:
        requests.get(f"{daphne.url}/candidates/", cookies=cookies, timeout=60)  # the first is slow
        while not stop.wait(PAGE_EVERY):
            began = time.monotonic()
            requests.get(f"{daphne.url}/candidates/", cookies=cookies, timeout=60)
            took.append(time.monotonic() - began)

    with beside(ask, stop):
        yield took


@contextmanager
def connections() -> Iterator[list[int]]:
    """How many the server had, looked at again and again."""
    seen = [0]
    stop = Event()

    def look() -> None:
        own = connection.copy()
        with own.cursor() as cursor:
            while not stop.wait(0.2):
                cursor.execute(COUNT, [NAME])
                seen.append(cursor.fetchone()[0])
        own.close()

    with beside(look, stop):
        yield seen


@contextmanager
def beside(work: Callable[[], None], stop: Event) -> Iterator[None]:
    thread = Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


COUNT = "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s"


def write_commits_down() -> None:
    """Deferred, the trigger runs with the commit."""
    with connection.cursor() as cursor:
        cursor.execute(WRITE_DOWN)


WRITE_DOWN = """
CREATE TABLE benchmark_commits (action bigint, version bigint, at timestamptz);
CREATE FUNCTION benchmark_commit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO benchmark_commits VALUES (NEW.id, NEW.version, clock_timestamp());
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER benchmark_commit AFTER INSERT OR UPDATE ON bulk_actions_bulkaction
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION benchmark_commit();
"""


def commits(action: BulkAction) -> dict[int, float]:
    """When each version of the action was committed, as time.time() has it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT version, extract(epoch FROM min(at)) FROM benchmark_commits"
            " WHERE action = %s GROUP BY version",
            [action.pk],
        )
        return {version: float(at) for version, at in cursor.fetchall()}
