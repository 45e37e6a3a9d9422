"""Each lock of the list in pipeline/foundation/README.md: how long its holder, frozen or gone
without a word, holds up whoever waits for it. All at once, as each wait takes seconds.
"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from django.db import connection, transaction

from config.session_limits import EVERYBODY, LIMITS, session_options
from pipeline.bulk_actions.models import BulkAction, Status, locks
from pipeline.candidates.importing import locks as import_locks
from pipeline.candidates.models import Candidate, Opening
from pipeline.foundation import session_locks
from pipeline.journeys.engine.events import TELLER, acquire_dispatch_lock
from pipeline.journeys.lifecycle import archive, pause
from pipeline.journeys.models import Journey, Run
from pipeline.journeys.reasons import Code, because
from pipeline.journeys.writing.enroll import ENROLLMENT, enroll
from pipeline.journeys.writing.stop import stop_runs
from pipeline.outreach import limits
from pipeline.outreach.models import MessageUse
from pipeline.tasks.models import Task
from pipeline.tasks.models.actors import Canceler
from pipeline.tasks.models.scopes import AllTasks
from pipeline.workspaces.models import User, Workspace
from tests.journeys.conftest import make_journey as make_journey
from tests.servers import TCP_ADDRESS
from tests.tasks.conftest import campaign as campaign
from tests.tasks.conftest import candidate as candidate
from tests.tasks.conftest import make_task as make_task

from .conftest import wait_for
from .silent import FAULTS, Fault, Held, holder

pytestmark = pytest.mark.django_db(transaction=True)
FENCED = 2.0  # seconds: whoever waits has the holder's session ended
LIMITED = 6.0  # the holder's own limit ends it after 4 s
THREE_DAYS = ("wait", {"kind": "time", "number": 3, "unit": "days"})


@dataclass(frozen=True)
class Row:
    """A lock, whoever holds it, and what has to wait for it."""

    name: str
    held: Held
    wait: Callable[[], object]
    at_most: float


class Rows(list[Row]):
    def add(
        self,
        name: str,
        kind: str,
        sql: str,
        wait: Callable[[], object],
        at_most: float,
        keeps_transaction: bool = True,
    ) -> None:
        held = Held(kind, tuple(sql.split(";")), keeps_transaction)
        self.append(Row(name, held, wait, at_most))


@pytest.fixture
def rows() -> Rows:
    return Rows()


@pytest.fixture(autouse=True)
def bulk_actions(rows: Rows, make_candidates, opening: Opening, start_move, recruiter) -> None:
    make_candidates(2)

    def action(status: str = Status.IN_PROGRESS) -> BulkAction:
        found: BulkAction = start_move(opening.folders.get(name="Hired"), status=status)
        return found

    def shared(one: BulkAction) -> str:
        return f"SELECT pg_advisory_xact_lock_shared({locks.CHUNKS}, {one.pk})"

    def exclusive(one: BulkAction) -> str:
        return f"SELECT pg_advisory_xact_lock({locks.CHUNKS}, {one.pk})"

    one, two, three, four, five, six = (action() for _ in range(6))
    four.chunks.update(is_done=True)
    rows.add("cancel / a lane", "worker", shared(one), lambda: one.cancel(recruiter), FENCED)
    rows.add("halt / a lane", "worker", shared(two), lambda: two.halt("Full."), FENCED)
    rows.add("fail / a lane", "worker", shared(three), lambda: three.fail("Gone."), FENCED)
    rows.add("finish / a lane", "worker", shared(four), lambda: four.finish(), FENCED)
    rows.add("cancel / a canceller", "web", exclusive(five), lambda: five.cancel(recruiter), FENCED)
    rows.add("a chunk / a canceller", "web", exclusive(six), lambda: enter_chunk(six), LIMITED)
    seven = action()
    row = f"SELECT FROM bulk_actions_bulkaction WHERE id = {seven.pk} FOR UPDATE"
    rows.add("cancel / the row", "worker", row, lambda: seven.cancel(recruiter), FENCED)
    for name, first in (("a lane", locks.LANES), ("the end", locks.CONCLUSION)):
        add_session_lock(rows, f"{name} of an action", first, one.pk)
    add_session_lock(rows, "an import", import_locks.IMPORTS, 1)
    sql = f"SELECT pg_advisory_xact_lock({import_locks.OPENINGS}, {opening.pk})"
    rows.add("an import / an import's merge", "worker", sql, lambda: merge(opening), LIMITED)
    person = Candidate.objects.earliest("pk")
    sql = f"SELECT FROM candidates_candidate WHERE id = {person.pk} FOR UPDATE"
    rows.add("a candidate / a page", "web", sql, lambda: change(person), LIMITED)


def add_session_lock(rows: Rows, name: str, first: int, second: int) -> None:
    """As session_locks.take does it, of a process that shows no more that it lives."""
    sql = session_locks.TAKE % (first, second, f"'{session_locks.SILENCE_SECONDS}s'")
    wait = lambda: wait_for(is_free, first, second)  # noqa: E731
    rows.add(name, "worker", sql, wait, LIMITED, keeps_transaction=False)


def is_free(first: int, second: int) -> bool:
    with session_locks.only_one(first, second) as is_mine:
        return is_mine


@transaction.atomic
def enter_chunk(action: BulkAction) -> None:
    locks.enter_chunk(action.pk)


@transaction.atomic
def merge(opening: Opening) -> None:
    import_locks.enter_opening(opening.pk)


def change(person: Candidate) -> None:
    Candidate.objects.filter(pk=person.pk).update(source="Fair")


@pytest.fixture(autouse=True)
def tasks(rows: Rows, make_task: Any, agent: User, owner: User) -> None:
    one, two, three = (make_task() for _ in range(3))

    def row(task: Task) -> str:
        return f"SELECT FROM tasks_task WHERE id = {task.pk} FOR NO KEY UPDATE"

    only_three = Task.objects.filter(pk=three.pk)
    by = Canceler.person(owner)
    rows.add("cancel of a task", "web", row(one), lambda: one.cancel(owner, "Double."), FENCED)
    rows.add("accept of a task", "worker", row(two), lambda: two.accept(agent), FENCED)
    rows.add(
        "cancel of many tasks",
        "web",
        row(three),
        lambda: only_three.cancel(AllTasks(), by, "Double."),
        FENCED,
    )


@pytest.fixture(autouse=True)
def journeys(rows: Rows, make_journey: Any, make_candidates: Any, owner: User) -> None:
    def journey(name: str) -> Journey:
        made: Journey = make_journey(THREE_DAYS, name=name)
        assert made.version
        enroll(made.version, [make_candidates(1).get().pk], "by hand")
        return made

    def step(one: Journey) -> str:
        """What the runner holds while it writes a step."""
        return (
            f"SELECT FROM journeys_journey WHERE id = {one.pk} FOR KEY SHARE;"
            f"SELECT FROM journeys_run WHERE journey_id = {one.pk} FOR NO KEY UPDATE"
        )

    one, two, three, four = map(journey, ["One", "Two", "Three", "Four"])
    more = [make_candidates(1).get().pk]
    rows.add("pause of a journey", "worker", step(one), lambda: pause(one, owner), FENCED)
    rows.add("archive of a journey", "worker", step(two), lambda: archive(two, owner), FENCED)
    runs = Run.objects.filter(journey=three)
    rows.add(
        "stop of a run",
        "worker",
        step(three),
        lambda: stop_runs(runs, because(Code.TEXT, text="Wrong.")),
        FENCED,
    )
    version = four.version
    assert version
    sql = f"SELECT pg_advisory_xact_lock({ENROLLMENT}, {four.pk})"
    rows.add("enrollment", "worker", sql, lambda: enroll(version, more, "by hand"), FENCED)
    sql = f"SELECT pg_advisory_xact_lock({TELLER}, 0)"
    rows.add("events of journeys", "worker", sql, lambda: wait_for(dispatches), LIMITED)


@transaction.atomic
def dispatches() -> bool:
    return acquire_dispatch_lock()


@pytest.fixture(autouse=True)
def counters(rows: Rows, workspace: Workspace) -> None:
    limits.reserve(workspace, "email")
    sql = f"SELECT FROM {MessageUse._meta.db_table} FOR NO KEY UPDATE"
    rows.add("a message limit", "worker", sql, lambda: limits.reserve(workspace, "email"), LIMITED)


@pytest.mark.parametrize("fault", FAULTS)
def test_no_lock_is_held_for_longer_than_stated(rows: Rows, fault: Fault) -> None:
    connection.close()

    with holder(fault, [row.held for row in rows]), ThreadPoolExecutor(len(rows)) as threads:
        seconds = dict(zip(rows, threads.map(seconds_of, rows), strict=True))

    for row, took in seconds.items():
        print(f"{fault}: {row.name}: {took:.2f} s")
    assert [row.name for row, took in seconds.items() if not 0.5 < took <= row.at_most] == []


def seconds_of(row: Row) -> float:
    begun = time.monotonic()
    try:
        row.wait()
    finally:
        connection.close()
    return time.monotonic() - begun


@pytest.fixture(params=LIMITS)
def session(request: pytest.FixtureRequest, transactional_db: None) -> Iterator[tuple[str, Any]]:
    name = connection.settings_dict["NAME"]
    options = session_options({}, request.param)
    with psycopg.connect(host=TCP_ADDRESS, user="belay", dbname=name, **options) as session:
        yield request.param, session


def test_every_session_has_its_limits(session: tuple[str, psycopg.Connection]) -> None:
    kind, open_session = session
    for name, value in (EVERYBODY | LIMITS[kind]).items():
        (shown,) = open_session.execute(f"SHOW {name}").fetchone() or ("",)
        assert shown.replace("1min", "60s") == value, name  # of TCP, as the socket has it
