"""Journeys against agents, and against each other: real threads on real PostgreSQL.

100 rounds each, or 2,000 with `make soak`.
"""

import random
import time
from collections import Counter
from collections.abc import Callable
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connection
from django.db.models.functions import Now

from pipeline.candidates.models import Candidate
from pipeline.journeys.engine.runner import advance_batch, advance_some
from pipeline.journeys.lifecycle import publish
from pipeline.journeys.models import Journey, Run, RunState
from pipeline.journeys.writing.enroll import enroll
from pipeline.tasks.models import Task
from pipeline.tasks.models.states import State
from pipeline.workspaces.models import User
from tests.journeys.conftest import make_journey as make_journey

from .test_task_races import put_in_queue as put_in_queue
from .test_task_races import race, told
from .test_task_races import rounds as rounds

pytestmark = pytest.mark.django_db(transaction=True)
NO_CALLS = ("cancel_task", {"scope": "type", "types": ["outbound_call"]})
THREE_DAYS = ("wait", {"kind": "time", "number": 3, "unit": "days"})


def test_accept_against_the_block(rounds: int, put_in_queue: Any, make_journey: Any, agent: User):
    journey = make_journey(NO_CALLS, reentry={"rule": "always"})
    winners: Counter[str] = Counter()

    def task_and_run() -> list[Task]:
        tasks: list[Task] = put_in_queue(1)
        enroll(journey.version, [tasks[0].candidate_id], "By hand")
        return tasks

    def accept(task: Task) -> bool:
        time.sleep(random.uniform(0, 0.03))  # the runner has more to do before it comes to that
        return task.accept(agent)

    for [(task,), (accepted, steps)] in race(
        rounds,
        task_and_run,
        told(accept),
        lambda _: advance_batch(journey.pk),
    ):
        assert steps == 1, steps
        is_accepted, reads = accepted
        run = Run.objects.latest("pk")
        line = run.log.get()
        assert run.state == RunState.FINISHED
        if is_accepted:
            assert (task.state, task.agent, task.cancel_source) == (State.ASSIGNED, agent, "")
            assert line.details["canceled"] == []
            assert line.text.startswith("Canceled nothing")
        else:
            assert (task.state, task.agent, task.accepted_at) == (State.CANCELED, None, None)
            assert (task.canceled_by_run_id, line.details["canceled"]) == (run.pk, [task.pk])
            assert reads.startswith(f"Journey {journey.pk} “Converted customers” v1 canceled it at")
        winners[task.state] += 1
        Task.objects.filter(pk=task.pk).delete()

    assert len(winners) == 2, f"the rounds tell nothing if one of them always wins: {winners}"


def together(*attempts: Callable[[], Any]) -> list[Any]:
    """Each in a thread and a connection of its own, from the same moment on."""
    start = Barrier(len(attempts))
    results: list[Any] = [None] * len(attempts)

    def attempt(number: int) -> None:
        start.wait()
        try:
            results[number] = attempts[number]()
        except BaseException as error:  # shown by the assertions
            results[number] = error
        connection.close()

    threads = [Thread(target=attempt, args=[n], daemon=True) for n in range(len(attempts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    return results


def naming(journey: Journey) -> dict[str, Any]:
    return {"which": "one", "journey": journey.pk, "journey_name": journey.name}


def replace_first(journey: Journey, type: str, options: dict[str, Any], owner: User) -> None:
    journey.draft["blocks"]["b1"] |= {"type": type, "options": options}
    journey.save(update_fields=["draft"])
    publish(journey, owner)


def test_two_journeys_that_stop_each_other(
    rounds: int, make_journey: Any, make_candidates: Any, owner: User
):
    """No deadlock, and of the two runs of each candidate exactly one is stopped."""
    again = {"rule": "always"}
    one = make_journey(THREE_DAYS, THREE_DAYS, reentry=again, name="One")
    two = make_journey(THREE_DAYS, THREE_DAYS, reentry=again, name="Two")
    replace_first(one, "stop_journey", naming(two), owner)
    replace_first(two, "stop_journey", naming(one), owner)
    people = [candidate.pk for candidate in make_candidates(20)]

    for _ in range(rounds // 5):
        Run.objects.all().delete()
        for journey in (one, two):
            enroll(journey.version, people, "By hand")
        while Run.objects.running().filter(block="b1").exists():
            results = together(*(lambda pk=pk: advance_batch(pk) for pk in (one.pk, two.pk)))
            assert [each for each in results if isinstance(each, BaseException)] == []
            Run.objects.running().filter(block="b1").update(due_at=Now())

        for pk in people:
            states = Counter(Run.objects.filter(candidate=pk).values_list("state", flat=True))
            assert states == {"running": 1, "stopped": 1}


def test_two_journeys_that_start_each_other(
    rounds: int, make_journey: Any, make_candidates: Any, owner: User
):
    """No deadlock, and nobody is twice in one journey."""
    one = make_journey(THREE_DAYS, THREE_DAYS, name="One")
    two = make_journey(THREE_DAYS, THREE_DAYS, name="Two")
    replace_first(one, "start_journey", naming(two), owner)
    replace_first(two, "start_journey", naming(one), owner)

    for _ in range(rounds // 5):
        Run.objects.all().delete()
        first, second = make_candidates(10), make_candidates(10)
        enroll(one.version, [candidate.pk for candidate in first], "By hand")
        enroll(two.version, [candidate.pk for candidate in second], "By hand")
        while Run.objects.running().filter(block="b1").exists():
            results = together(advance_some, advance_some)
            assert [each for each in results if isinstance(each, BaseException)] == []
            Run.objects.running().filter(block="b1").update(due_at=Now())

        assert Run.objects.running().filter(block="b2").count() == 40
        assert Candidate.objects.filter(runs__journey=one).distinct().count() == 20
