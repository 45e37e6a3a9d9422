"""Runners that are killed: no run is lost, no step has its effect twice (see promises.py)."""

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any

import django_rq
import psutil
import pytest
from django.db import connection, transaction
from django.db.models import F

from pipeline.candidates.models import Candidate, CandidateLabel, CandidateQuerySet
from pipeline.journeys.engine import jobs
from pipeline.journeys.models import Journey, Run, RunState
from pipeline.journeys.models.listener import Happening
from pipeline.journeys.writing.enroll import enroll
from pipeline.tasks.models import Task
from tests.journeys.conftest import campaign as campaign
from tests.journeys.conftest import make_journey as make_journey
from tests.journeys.conftest import no_limit as no_limit
from tests.journeys.conftest import until_nothing_is_due
from tests.journeys.promises import assert_promises_kept, by_person, witness
from tests.journeys.random_journeys import EVENTS, World
from tests.journeys.random_journeys import world as world

from .conftest import SERIALIZER, Crew, wait_for

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_limit")]
ROUNDS = 2000
GATE = 4711
OTHERS = (
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


@pytest.fixture
def witnessed(transactional_db: None) -> Iterator[None]:
    with witness():
        yield


def send_a_runner(crew: Crew) -> None:
    crew.manage("rqworker", "journeys", *SERIALIZER)


# --- at any moment ---


@pytest.mark.usefixtures("witnessed")
@pytest.mark.parametrize(
    ("kills", "people"), [(6, 200), pytest.param(120, 2000, marks=pytest.mark.soak)]
)
def test_random_journeys_while_runners_are_killed(
    crew: Crew, world: World, make_candidates: Any, kills: int, people: int
):
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    journeys = world.journeys(chance, 3)
    everybody = make_candidates(people)
    crew.cron()
    for _ in range(2):
        send_a_runner(crew)

    for _ in range(kills):
        give_them_work(chance, world, journeys, everybody)
        wait_for(crew.busy)
        time.sleep(random.uniform(0, 0.4))
        kill_one(crew)
    crew.dismiss()
    wait_until_nobody_is_connected()

    with transaction.atomic():  # in which the time stands still
        until_nothing_is_due(ROUNDS)
        assert_promises_kept()


def give_them_work(
    chance: random.Random, world: World, journeys: list[Journey], everybody: CandidateQuerySet
) -> None:
    """Time passes, and something happens to some of them."""
    with transaction.atomic():
        free = Run.objects.running().order_by("pk").select_for_update(no_key=True, skip_locked=True)
        ids = list(free.values_list("pk", flat=True))
        Run.objects.filter(pk__in=ids).update(due_at=F("due_at") - timedelta(days=2))
    Run.objects.exclude(state=RunState.RUNNING).update(
        started_at=F("started_at") - timedelta(days=2)
    )
    for journey in journeys:
        assert journey.version
        enroll(journey.version, list(everybody.values_list("pk", flat=True)), "By hand")
    some = list(everybody.order_by("pk")[chance.randrange(5) :: 5])
    with by_person(), transaction.atomic():
        label = chance.choice(world.labels)
        CandidateLabel.objects.bulk_create(
            [CandidateLabel(candidate=one, label=label) for one in some], ignore_conflicts=True
        )
    with by_person(), transaction.atomic():
        theirs = Candidate.objects.filter(pk__in=[one.pk for one in some])
        list(theirs.order_by("pk").select_for_update().values_list("pk"))
        theirs.update(folder=chance.choice(world.folders))
    Happening.objects.bulk_create(
        Happening(workspace=world.workspace, candidate=one, kind="event", name=EVENTS[0])
        for one in some
    )


def kill_one(crew: Crew) -> None:
    """The horse, the worker that it belongs to, or both, like the kernel would."""
    for worker, horse in crew.busy()[:1]:
        doomed = random.choice([[horse], [worker], [worker, horse]])
        for process in doomed:
            with suppress(psutil.NoSuchProcess):  # it was done just now
                process.kill()
        if worker in doomed:
            send_a_runner(crew)


def wait_until_nobody_is_connected() -> None:
    """A killed process' transaction ends a moment later."""
    wait_for(lambda: asked(OTHERS) == 0)


# --- at each point of a step ---

WAITING = f"SELECT count(*) FROM pg_locks WHERE objid = {GATE} AND NOT granted"
# As when the server notices that the client is gone, which it does between two statements.
HANG_UP = WAITING.replace("count(*)", "count(pg_terminate_backend(pid))")
POINTS = {
    "somebody enters": "AFTER INSERT ON journeys_run",
    "what happened is told": "AFTER DELETE ON journeys_happening",
    "the effect is there": "AFTER INSERT ON tasks_task",
    "a task is canceled": "AFTER UPDATE ON tasks_task",
    "the log is about to be written": "BEFORE INSERT ON journeys_runstep",
    "log and place are written": "AFTER UPDATE ON journeys_run",
}
COMMITTING = (
    "CREATE CONSTRAINT TRIGGER gate AFTER INSERT ON journeys_runstep"
    " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION gate()"
)


@pytest.mark.usefixtures("witnessed")
def test_a_runner_killed_at_each_point_of_a_step(
    crew: Crew, world: World, make_journey: Any, make_candidates: Any
):
    make_journey(
        ("create_task", {"type": "outbound_call"}),
        ("update_candidate", {"attribute": "Plan", "value": "pro"}),
        ("cancel_task", {"scope": "all"}),
        trigger=("label", {"label": world.labels[0].pk}),
    )
    send_a_runner(crew)
    statements = [
        f"CREATE TRIGGER gate {point} EXECUTE FUNCTION gate()" for point in POINTS.values()
    ]

    for number, statement in enumerate([*statements, COMMITTING], start=1):
        people = make_candidates(30)
        with by_person():
            CandidateLabel.objects.bulk_create(
                CandidateLabel(candidate=one, label=world.labels[0]) for one in people
            )
        with gate(statement) as whoever_waits:
            django_rq.get_queue("journeys").enqueue(jobs.work)
            wait_for(whoever_waits)
            ((_, horse),) = crew.busy()
            horse.kill()
            horse.wait(10)
            if statement != COMMITTING:  # else the server commits, and nobody hears of it
                asked(HANG_UP)
        wait_until_nobody_is_connected()
        until_nothing_is_due()

        assert Run.objects.filter(state=RunState.FINISHED).count() == number * 30
        assert Task.objects.filter(state="canceled").count() == number * 30
        assert_promises_kept()


@contextmanager
def gate(statement: str) -> Iterator[Any]:
    """Whoever comes to that point waits there until it is over. Yields who waits."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION gate() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN PERFORM pg_advisory_xact_lock_shared({GATE}); RETURN NULL; END $$;"
            f"{statement}; SELECT pg_advisory_lock({GATE})"
        )
    yield lambda: asked(WAITING)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_advisory_unlock({GATE})")
    wait_until_nobody_is_connected()
    with connection.cursor() as cursor:
        cursor.execute("DROP FUNCTION gate() CASCADE")


def asked(sql: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()[0]
