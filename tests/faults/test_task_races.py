"""Accept or cancel, never both (promise 6): real threads on real PostgreSQL.

100 rounds each, or 2,000 with `make soak`. In each round one wins, and what the losers are told
is who won.
"""

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connection

from pipeline.candidates.models import Candidate
from pipeline.outreach.models import Campaign
from pipeline.tasks.models import Disposition, Task, TaskRelease
from pipeline.tasks.models.actors import Canceler, Origin
from pipeline.tasks.models.scopes import AllTasks, OfTypes
from pipeline.tasks.models.states import State
from pipeline.tasks.models.types import TaskType
from pipeline.tasks.next_task import take_next_task
from pipeline.workspaces.models import Role, User, Workspace
from tests.conftest import join
from tests.tasks.conftest import CONVERTED

pytestmark = pytest.mark.django_db(transaction=True)
Attempt = Callable[[list[Task]], Any]


@pytest.fixture
def rounds(request: pytest.FixtureRequest) -> int:
    return 2000 if request.config.getoption("--soak") else 100


@pytest.fixture
def rounds_of_many(rounds: int) -> int:
    """Of 20 threads on two cores."""
    return rounds if rounds == 2000 else 20


@pytest.fixture
def agents(workspace: Workspace) -> list[User]:
    return [join(workspace, Role.AGENT, f"Agent{number} Brandt") for number in range(20)]


@pytest.fixture
def put_in_queue(make_candidates: Any, workspace: Workspace) -> Callable[[int], list[Task]]:
    candidate: Candidate = make_candidates(1).get()
    campaign = Campaign.objects.launch(workspace, name="Win back", channel="phone", state="ready")

    def put(number: int, **fields: Any) -> list[Task]:
        return Task.objects.bulk_create(
            Task(
                workspace_id=candidate.workspace_id,
                candidate=candidate,
                opening_id=candidate.opening_id,
                campaign=campaign,
                type=TaskType.OUTBOUND_CALL,
                origin=Origin.JOURNEY,
                **fields,
            )
            for _ in range(number)
        )

    return put


def race(rounds: int, make: Callable[[], list[Task]], *attempts: Attempt) -> Iterator[list[Any]]:
    """For each round: every attempt at the same moment, each in a thread and a connection of its
    own, on tasks that `make` made for the round. Yields the tasks and what each attempt returned.
    """
    start, end = Barrier(len(attempts) + 1), Barrier(len(attempts) + 1)
    tasks: list[Task] = []
    results: list[Any] = [None] * len(attempts)

    def contest(number: int, attempt: Attempt) -> None:
        for _ in range(rounds):
            start.wait()
            time.sleep(random.uniform(0, 0.001))  # so that each of them wins now and then
            try:
                results[number] = attempt(list(Task.objects.filter(pk__in=tasks_ids)))
            except BaseException as error:  # shown by the round's assertions
                results[number] = error
            end.wait()
        connection.close()

    tasks_ids: list[int] = []
    threads = [Thread(target=contest, args=pair, daemon=True) for pair in enumerate(attempts)]
    for thread in threads:
        thread.start()
    for _ in range(rounds):
        tasks = make()
        tasks_ids[:] = [task.pk for task in tasks]
        start.wait(60)
        end.wait(60)
        for task in tasks:
            task.refresh_from_db()
        yield [tasks, list(results)]
    for thread in threads:
        thread.join()


def told(attempt: Callable[[Task], bool]) -> Attempt:
    """The attempt on the one task of a round: whether it won, and what its user then reads."""

    def attempt_and_look(tasks: Any) -> tuple[bool, str]:
        (task,) = tasks
        return attempt(task), task.what_happened

    return attempt_and_look


def by_journey(tasks: Any) -> list[int]:
    (task,) = tasks
    mine = Task.objects.cancelable().for_candidate(task.candidate)
    return mine.cancel(OfTypes([task.type]), Canceler.journey(CONVERTED), "Converted")


def test_accept_against_a_journeys_cancel(rounds: int, put_in_queue: Any, agent: User):
    winners: Counter[str] = Counter()

    for [(task,), (accepted, canceled)] in race(
        rounds, lambda: put_in_queue(1), told(lambda task: task.accept(agent)), by_journey
    ):
        is_accepted, reads = accepted
        assert is_accepted == (canceled == []) == (task.state == State.ASSIGNED)
        assert canceled in ([], [task.pk])
        if is_accepted:
            assert (task.agent, task.ended_at, task.cancel_source) == (agent, None, "")
        else:
            assert (task.state, task.agent, task.accepted_at) == (State.CANCELED, None, None)
            assert reads.startswith("Journey 12 “Converted customers” v3 canceled it at ")
            assert reads.endswith(": Converted")
        winners[task.state] += 1
        Task.objects.filter(pk=task.pk).delete()

    assert len(winners) == 2, f"the rounds tell nothing if one of them always wins: {winners}"


def test_accept_against_a_persons_cancel(
    rounds: int, put_in_queue: Any, agent: User, admin_member: User
):
    winners: Counter[str] = Counter()

    for [(task,), (accepted, canceled)] in race(
        rounds,
        lambda: put_in_queue(1),
        told(lambda task: task.accept(agent)),
        told(lambda task: task.cancel(admin_member, "Wrong list")),
    ):
        assert accepted[0] != canceled[0]
        assert task.state == (State.ASSIGNED if accepted[0] else State.CANCELED)
        if accepted[0]:
            assert canceled[1].startswith("Chloe Tan accepted it at ")
        else:
            assert accepted[1].startswith("Adam Nowak canceled it at ")
        winners[task.state] += 1

    assert len(winners) == 2, winners


def test_two_agents_on_one_task(rounds: int, put_in_queue: Any, agents: list[User]):
    first, second = agents[:2]
    winners: Counter[int] = Counter()

    for [(task,), results] in race(
        rounds,
        lambda: put_in_queue(1),
        told(lambda task: task.accept(first)),
        told(lambda task: task.accept(second)),
    ):
        assert sorted(won for won, _ in results) == [False, True]
        winner = first if results[0][0] else second
        assert (task.state, task.agent) == (State.ASSIGNED, winner)
        assert {reads for _, reads in results} == {task.what_happened}
        assert task.what_happened.startswith(f"{winner} accepted it at ")
        winners[winner.pk] += 1

    assert len(winners) == 2, winners


def test_next_task_by_20_agents_on_10_tasks(
    rounds_of_many: int, put_in_queue: Any, agents: list[User]
):
    def take(agent: User) -> Attempt:
        return lambda _: take_next_task(User.objects.get(pk=agent.pk))

    for [tasks, taken] in race(rounds_of_many, lambda: put_in_queue(10), *map(take, agents)):
        got = {task.pk: agent for task, agent in zip(taken, agents, strict=True) if task}
        assert [one for one in taken if isinstance(one, BaseException)] == []
        assert sum(task is not None for task in taken) == 10
        assert got == {task.pk: task.agent for task in tasks}
        assert {task.state for task in tasks} == {State.ASSIGNED}


def test_complete_against_cancel(
    rounds: int, put_in_queue: Any, agent: User, admin_member: User, owner: User
):
    winners: Counter[str] = Counter()

    def assigned() -> list[Task]:
        tasks: list[Task] = put_in_queue(1)
        assert tasks[0].accept(agent)
        return tasks

    for [(task,), (completed, withdrawn)] in race(
        rounds,
        assigned,
        told(lambda task: task.complete(agent, Disposition.REACHED)),
        told(lambda task: task.withdraw(admin_member, "Wrong list")),
    ):
        assert completed[0] != withdrawn[0]
        assert task.state == (State.COMPLETED if completed[0] else State.CANCELED)
        if completed[0]:
            assert withdrawn[1].startswith("Chloe Tan completed it at ")
        else:
            assert completed[1].startswith("Adam Nowak canceled it at ")
        winners[task.state] += 1

    assert len(winners) == 2, winners


def test_release_against_complete_and_cancel(
    rounds: int, put_in_queue: Any, agent: User, admin_member: User
):
    def assigned() -> list[Task]:
        tasks: list[Task] = put_in_queue(1)
        assert tasks[0].accept(agent)
        return tasks

    for [(task,), results] in race(
        rounds // 4,
        assigned,
        lambda tasks: next(iter(tasks)).release(agent),
        lambda tasks: next(iter(tasks)).complete(agent, Disposition.REACHED),
        lambda tasks: next(iter(tasks)).withdraw(admin_member, "Wrong list"),
    ):
        assert sorted(results) == [False, False, True]
        states = (State.IN_QUEUE, State.COMPLETED, State.CANCELED)
        assert task.state == states[results.index(True)]
        assert TaskRelease.objects.filter(task=task).count() == results[0]


def test_two_cancels_over_the_same_tasks_share_them_without_a_deadlock(
    rounds: int, put_in_queue: Any
):
    def cancel_all(tasks: Any) -> list[int]:
        mine = Task.objects.cancelable().for_candidates({task.candidate_id for task in tasks})
        return mine.cancel(AllTasks(), Canceler.timeout(), "Too old")

    for [tasks, results] in race(rounds // 10, lambda: put_in_queue(50), *[cancel_all] * 4):
        canceled = [pk for result in results for pk in result]
        assert sorted(canceled) == sorted(task.pk for task in tasks)
