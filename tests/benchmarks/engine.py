"""How fast a bulk action moves candidates, how soon it starts, and how soon it stops.

Every way of moving is measured on the same table, vacuumed before each, with the same outcomes
written: one SQL statement for all (the limit), the engine through Redis, workers and pushes, and
row by row through the ORM.
"""

import random
import statistics
import time
from collections.abc import Callable
from itertools import cycle
from typing import Any
from uuid import uuid4

import django_rq
from django.db import connection, transaction
from django.db.models import F
from django.test import override_settings
from django.utils import timezone

from pipeline.bulk_actions.engine.start import chunk_size, start_bulk_action
from pipeline.bulk_actions.models import BulkAction, Chunk, Outcome, Result, Status, locks
from pipeline.bulk_actions.operations.move_to_folder import MoveToFolder
from pipeline.bulk_actions.writing.values import VALUES
from pipeline.candidates.demo import load
from pipeline.candidates.models import Candidate, Folder
from pipeline.workspaces.models import Role, User, Workspace

from .crew import crew_of
from .report import Report

ONE_BY_ONE = 3000  # candidates moved row by row: enough to know the speed
CANCELS = 100
LARGE = 100_000  # from here on the set-up no longer counts, and the targets hold
STARTS = 30
FEW = 50_000  # in an action that is canceled: enough to be caught in the middle


def measure(sizes: list[int], report: Report) -> None:
    each: dict[int, float] = {}
    memory: dict[int, float] = {}
    for size in sizes:
        bench = Bench(size)
        freezing(bench, report)
        speed = speeds(bench, report, memory)
        each[size] = 1e6 / speed
        starts(bench, report)
        cancels(bench, report)
        bench.clear()
    small, large = min(sizes), max(sizes)
    report.add(
        "time per candidate, against the smallest N",
        large,
        each[large] / each[small],
        "times",
        at_most=1.3,
    )
    report.add(
        "worker's peak memory, against the smallest N",
        large,
        memory[large] / memory[small],
        "times",
        at_most=1.1,
    )


class Bench:
    """`size` candidates in one opening, and somebody to give orders."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.workspace = Workspace.objects.create(name="Benchmark", start_delay_seconds=0)
        load.add_logins(self.workspace, "benchmark")
        self.user = User.objects.get(email=f"{Role.OWNER}@demo.example")
        (self.opening,) = load.add_openings(self.workspace, ["Benchmark"])
        load.add_candidates(self.workspace, size)
        self.folders = cycle(self.opening.folders.order_by("position"))
        self.tidy()
        self.move_at_once()  # from here on everybody is in one folder, and moves to the next

    def order(self, count: int | None = None) -> BulkAction:
        """A bulk action that moves everybody, or the first `count`, to the next folder."""
        candidates = Candidate.objects.visible_to(self.user)
        if count:
            candidates = candidates.filter(pk__in=candidates.order_by("pk").values("pk")[:count])
        action, _ = start_bulk_action(
            user=self.user,
            operation=self.move(next(self.folders)),
            candidates=candidates,
            key=uuid4(),
        )
        return action

    def move(self, folder: Folder) -> MoveToFolder:
        return MoveToFolder(
            {
                "folder": folder.pk,
                "folder_name": folder.name,
                "opening": self.opening.pk,
                "opening_name": self.opening.name,
            }
        )

    def blank_action(self) -> BulkAction:
        """An action that no lane works on, for the ways of moving that are not the engine's."""
        return BulkAction.objects.create(
            workspace=self.workspace,
            key=uuid4(),
            total=self.size,
            started_by=self.user,
            starts_at=timezone.now(),
            status=Status.COMPLETED,
        )

    def move_at_once(self) -> float:
        """The limit: one statement that moves everybody and writes the outcomes. Seconds."""
        action = self.blank_action()
        sql, params = self.move(next(self.folders)).apply()
        begun = time.perf_counter()
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                AT_ONCE.format(operation=sql),
                {
                    **VALUES,
                    **params,
                    "engine_action": action.pk,
                    "engine_workspace": self.workspace.pk,
                },
            )
            BulkAction.objects.filter(pk=action.pk).update(changed=cursor.fetchone()[0])
        return time.perf_counter() - begun

    def move_one_by_one(self) -> float:
        """As the ORM does it: each candidate in a transaction. Seconds for everybody."""
        action, folder = self.blank_action(), next(self.folders)
        ids = list(Candidate.objects.order_by("pk").values_list("pk", flat=True)[:ONE_BY_ONE])
        begun = time.perf_counter()
        for pk in ids:
            with transaction.atomic():
                candidate = Candidate.objects.select_for_update().get(pk=pk)
                before, candidate.folder = candidate.folder_id, folder
                candidate.save(update_fields=["folder"])
                action.outcomes.create(
                    candidate=candidate, result=Result.CHANGED, before={"folder": before}
                )
                BulkAction.objects.filter(pk=action.pk).update(changed=F("changed") + 1)
        seconds = time.perf_counter() - begun
        Candidate.objects.exclude(folder=folder).update(folder=folder)
        return seconds * self.size / len(ids)

    def tidy(self) -> None:
        """The same start for everyone: no dead rows, no old outcomes, no checkpoint soon."""
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE bulk_actions_bulkaction CASCADE")
            cursor.execute("TRUNCATE bulk_actions_outcome")
            for table in (Candidate, Outcome, Chunk):
                cursor.execute(f"VACUUM ANALYZE {table._meta.db_table}")
            cursor.execute("CHECKPOINT")

    def clear(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE workspaces_workspace, workspaces_user CASCADE")
            cursor.execute("TRUNCATE bulk_actions_outcome")


def freezing(bench: Bench, report: Report) -> None:
    """The order against nothing but the INSERT … SELECT of its chunks, by turns."""
    orders, bare = [], []
    for _ in range(3):
        bench.tidy()
        orders.append(timed(bench.order)[0])
        BulkAction.objects.update(status=Status.CANCELED)
        django_rq.get_queue("default").empty()
        bench.tidy()
        bare.append(timed(insert_chunks, bench)[0])
    report.add("freeze: bare INSERT … SELECT", bench.size, min(bare) * 1000, "ms")
    report.add("freeze: the whole order, told and queued", bench.size, min(orders) * 1000, "ms")
    most = 1.5 if bench.size >= LARGE else None
    ratio = min(orders) / min(bare)
    report.add("freeze: order against bare", bench.size, ratio, "times", at_most=most)


def insert_chunks(bench: Bench) -> None:
    action = bench.blank_action()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO bulk_actions_chunk (action_id, number, candidate_ids, is_done, attempts)"
            " SELECT %s, number, array_agg(id), false, 0 FROM ("
            "  SELECT id, (row_number() OVER (ORDER BY id) - 1) / %s AS number"
            "  FROM candidates_candidate WHERE workspace_id = %s"
            " ) AS numbered GROUP BY number",
            [action.pk, chunk_size(1), bench.workspace.pk],
        )


def speeds(bench: Bench, report: Report, memory: dict[int, float]) -> float:
    """Candidates a second: the limit, the engine with 1 and 2 lanes, the ORM."""
    bench.tidy()
    limit = bench.size / bench.move_at_once()
    report.add("move: one SQL statement", bench.size, limit, "candidates/s")
    engine = {}
    with crew_of(2) as crew:
        for lanes in (1, 2):
            bench.tidy()
            with override_settings(BULK_LANES=lanes):
                engine[lanes] = bench.size / seconds_of(bench.order())
        memory[bench.size] = crew.peak
    bench.tidy()
    one_by_one = bench.size / bench.move_one_by_one()
    report.add("move: row by row through the ORM", bench.size, one_by_one, "candidates/s")
    report.add("move: engine, 1 lane", bench.size, engine[1], "candidates/s")
    report.add("move: engine, 2 lanes", bench.size, engine[2], "candidates/s")
    report.add(
        "move: engine against one statement",
        bench.size,
        engine[1] / limit,
        "of its speed",
        at_least=0.8 if bench.size >= LARGE else None,
    )
    report.add(
        "move: engine against row by row", bench.size, engine[1] / one_by_one, "times", at_least=30
    )
    report.add("worker's peak memory", bench.size, memory[bench.size], "MiB")
    return engine[1]


def starts(bench: Bench, report: Report) -> None:
    """From the order's commit to the first chunk's, on idle workers."""
    waits = []
    with crew_of(2):
        for _ in range(STARTS):
            action = bench.order(1000)
            committed = time.perf_counter()
            wait_until(is_processing, action)
            waits.append((time.perf_counter() - committed) * 1000)
            wait_until(has_ended, action)
    report.add("start to first chunk, p50", bench.size, statistics.median(waits), "ms")
    report.add("start to first chunk, worst", bench.size, max(waits), "ms", at_most=300)


def cancels(bench: Bench, report: Report) -> None:
    """How long a cancel takes, from the call to the commit, with 4 lanes at work."""
    times: list[float] = []
    with crew_of(4), override_settings(BULK_LANES=4):
        while len(times) < CANCELS:
            action = bench.order(min(bench.size, FEW))
            wait_until(has_begun, action)
            time.sleep(random.uniform(0, 0.2))
            seconds, canceled = seconds_to_commit(action, bench.user)
            wait_until(no_lane_left)
            if canceled:
                times.append(seconds * 1000)
            elif bench.size < 20_000 and len(times) < CANCELS / 10:
                break  # so small an action is over before one can cancel it
    if len(times) == CANCELS:
        report.add("cancel with 4 lanes, p50", bench.size, statistics.median(times), "ms")
        p99 = statistics.quantiles(times, n=100)[98]
        report.add("cancel with 4 lanes, p99", bench.size, p99, "ms", at_most=100)


def seconds_to_commit(action: BulkAction, by: User) -> tuple[float, bool]:
    """How long until the cancel is committed: the moment from which nothing more changes."""
    committed: list[float] = []
    begun = time.perf_counter()
    with transaction.atomic():
        transaction.on_commit(lambda: committed.append(time.perf_counter()))
        canceled = action.cancel(by)
    return committed[0] - begun, canceled


def timed(call: Callable[..., Any], *about: Any) -> tuple[float, Any]:
    begun = time.perf_counter()
    answer = call(*about)
    return time.perf_counter() - begun, answer


def seconds_of(action: BulkAction) -> float:
    """How long the lanes worked on it, turns in the queue included."""
    wait_until(has_ended, action, every=0.25)
    assert action.status == Status.COMPLETED, action.status
    assert action.changed == action.total
    assert action.started_at
    assert action.ended_at
    return (action.ended_at - action.started_at).total_seconds()


def is_processing(action: BulkAction) -> bool:
    return BulkAction.objects.filter(pk=action.pk, changed__gt=0).exists()


def has_ended(action: BulkAction) -> bool:
    action.refresh_from_db()
    return not action.is_active


def has_begun(action: BulkAction) -> bool:
    return is_processing(action) or has_ended(action)


def no_lane_left() -> bool:
    return not locks.living_lanes()


def wait_until(what: Callable[..., bool], *about: Any, every: float = 0.005) -> None:
    """Asks rarely: two cores are all there is, and the question takes its share of them."""
    while not what(*about):
        time.sleep(every)


# What engine.WRITE does, for a whole workspace at once.
AT_ONCE = """
WITH picked AS (
    SELECT id, opening_id, folder_id, recruiter_id FROM candidates_candidate
    WHERE workspace_id = %(engine_workspace)s ORDER BY id FOR UPDATE
), {operation}, written AS (
    INSERT INTO bulk_actions_outcome (action_id, candidate_id, result, reason, facts, before)
    SELECT %(engine_action)s, candidate_id, result, reason, facts, before FROM outcome
    RETURNING result
)
SELECT count(*) FROM written
"""
