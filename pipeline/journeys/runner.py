"""Advances the runs that are due: batch by batch, several processes at once.

Three rules make a crash harmless and a step single:
- the runs of a batch are locked, and others skip them: no run is in two hands;
- a step's effect, its line in the log and the run's new place commit together or not at all;
- the database knows what is due; a job is only a wake-up call.
"""

import json
import logging
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from functools import cached_property, lru_cache

from django.conf import settings
from django.db import connection, transaction
from rq.timeouts import BaseTimeoutException

from pipeline.candidates.models import Candidate

from .batch import Batch, Result
from .blocks import BLOCKS
from .blocks.base import Block
from .definition import BadDefinition, Definition, Node
from .models import JourneyVersion, Run, RunState

log = logging.getLogger(__name__)
BATCH = 500
STEPS_IN_ROW = 100  # without a wait: a journey that takes more goes round in circles

GONE = "The block at which it stood is no longer in this version of the journey."
LOOP = (
    f"Stopped after {STEPS_IN_ROW} steps in a row without a wait: this journey goes round in"
    " circles. Put a Wait into the circle, or let a Condition lead out of it."
)
END = "Came to the end of the journey."


def advance_due() -> int:
    """Advance what is due until nothing is, or the turn is over. Returns how many steps it took."""
    ends = time.monotonic() + settings.JOURNEY_TURN_SECONDS
    steps = 0
    while time.monotonic() < ends:
        taken = advance_some()
        if not taken:
            break
        steps += taken
    return steps


def advance_some() -> int:
    """One batch of each live journey that has runs due. Returns how many runs took a step."""
    return sum(advance_batch(pk) for pk in journeys_with_due_runs())


def journeys_with_due_runs() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(DUE_JOURNEYS)
        return [pk for (pk,) in cursor.fetchall()]


def advance_batch(journey_id: int) -> int:
    """Returns how many runs were due; those of slow blocks follow one by one, without a lock."""
    slow: list[Standing] = []
    with transaction.atomic():
        runs = claim(journey_id)
        for standing in by_place(runs):
            if standing.is_slow:
                slow.append(standing)
            else:
                advance(standing)
    for standing in slow:
        standing.block.hand_over(standing.batch)
    return len(runs)


def claim(journey_id: int) -> list[Run]:
    """Due runs of the journey that nobody else has in hand, and their candidates, locked.

    The candidates in the order of their ids, as bulk actions lock them, too.
    """
    runs = list(Run.objects.raw(CLAIM, [journey_id, BATCH]))
    if runs:
        people = Candidate.objects.filter(pk__in=[run.candidate_id for run in runs])
        list(people.order_by("pk").select_for_update(no_key=True).values_list("pk"))
    return runs


class Standing:
    """Runs that stand at the same block of the same version, and what that block is."""

    def __init__(self, version: JourneyVersion, block: str, runs: list[Run]) -> None:
        self.version = version
        self.runs = runs
        self.problem = ""
        self.node: Node | None = None
        self.definition = Definition()
        try:
            self.definition = definition_of(version.pk)
        except BadDefinition as reason:
            self.problem = str(reason)
            return
        self.node = self.definition.nodes.get(block)
        if self.node is None and block:
            self.problem = GONE
        elif self.node and self.node.type not in BLOCKS:
            self.problem = f"Belay no longer knows the block “{self.node.type}”."

    @property
    def is_slow(self) -> bool:
        return self.node is not None and not self.problem and self.block.is_slow

    @cached_property
    def block(self) -> Block:
        assert self.node
        return BLOCKS[self.node.type](self.node.options)

    @cached_property
    def batch(self) -> Batch:
        assert self.node
        label = f"{self.block.label}: {self.block.summary}"
        return Batch(self.version, self.node, label, self.runs, now())


def now() -> datetime:
    """By the database's clock, as it tells what is due; the time when the transaction began."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        moment: datetime = cursor.fetchone()[0]
    return moment


def by_place(runs: Iterable[Run]) -> list[Standing]:
    places: dict[tuple[int, str], list[Run]] = defaultdict(list)
    for run in runs:
        places[run.version_id, run.block].append(run)
    versions = JourneyVersion.objects.select_related("journey__workspace").in_bulk(
        {version_id for version_id, _ in places}
    )
    return [
        Standing(versions[version_id], block, standing)
        for (version_id, block), standing in places.items()
    ]


def advance(standing: Standing) -> None:
    """Take the step of all these runs, in the caller's transaction."""
    if standing.problem:
        failed = {run.pk: failure(standing.problem) for run in standing.runs}
        write(standing.runs, failed, standing.definition)
    elif standing.node is None:  # an empty journey, or the end of a way
        ended = {run.pk: Result(END, state=RunState.FINISHED) for run in standing.runs}
        write(standing.runs, ended, standing.definition)
    else:
        execute(standing.block, standing.batch)
        write(
            standing.runs,
            standing.batch.results,
            standing.definition,
            standing.node,
            standing.block.summary,
        )


def execute(block: Block, batch: Batch) -> None:
    """All runs together; where that fails, each alone, so that one can't take the others along."""
    try:
        with transaction.atomic():
            block.execute(batch)
    except BaseTimeoutException:
        raise
    except Exception:
        log.exception("Block %s of %s", batch.node.id, batch.version)
        if not connection.is_usable():
            raise  # the database is away: nothing was committed, and all is tried again
        for run in batch.runs:
            execute_alone(block, batch, run)


def execute_alone(block: Block, batch: Batch, run: Run) -> None:
    alone = replace(batch, runs=[run], results={})
    try:
        with transaction.atomic():
            block.execute(alone)
        batch.results[run.pk] = alone.results[run.pk]
    except BaseTimeoutException:
        raise
    except Exception:
        reason = f"Unexpected error. Tell support: run {run.pk}, block {batch.node.id}."
        batch.results[run.pk] = failure(reason)


def failure(reason: str) -> Result:
    return Result(reason, state=RunState.FAILED)


def write(
    runs: list[Run],
    results: dict[int, Result],
    definition: Definition,
    node: Node | None = None,
    summary: str = "",
) -> None:
    """The log lines and the new places of all these runs: two statements, however many."""
    rows = []
    for run in runs:
        result = results[run.pk]
        target = node.ways.get(result.way) if node and result.way else None
        steps_in_row = 0 if result.is_waiting else run.steps_in_row + 1
        if result.way and target is None:
            result.state = RunState.FINISHED  # the way ends here
        if result.state == RunState.RUNNING and steps_in_row > STEPS_IN_ROW:
            result = failure(LOOP)
        is_running = result.state == RunState.RUNNING
        rows.append(
            (
                run.pk,
                result.state,
                target if result.way and is_running else run.block,
                run.steps + result.is_logged,
                steps_in_row,
                result.due_at if is_running else None,
                result.is_waiting and is_running,
                result.waiting_for if is_running else "",
                result.tries,
                "" if is_running else result.text,
                result.is_logged,
                result.text,
                result.way,
                json.dumps(result.details),
            )
        )
    columns = [list(column) for column in zip(*rows, strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(WRITE, [*columns, runs[0].block, summary[:300]])


@lru_cache(maxsize=1000)
def definition_of(version_id: int) -> Definition:
    """A version never changes. Raises BadDefinition."""
    return JourneyVersion.objects.get(pk=version_id).read


# One probe of an index for each live journey; the one that waited longest comes first.
DUE_JOURNEYS = """
SELECT journey.id FROM journeys_journey AS journey, LATERAL (
    SELECT run.due_at FROM journeys_run AS run
    WHERE run.journey_id = journey.id AND run.state = 'running' AND run.due_at <= now()
    ORDER BY run.due_at LIMIT 1
) AS first
WHERE journey.state = 'live' ORDER BY first.due_at
"""
# The journey's row is read with the runs: one that was paused meanwhile gives none.
CLAIM = """
SELECT run.* FROM journeys_run AS run
WHERE run.journey_id = %s AND run.state = 'running' AND run.due_at <= now()
  AND EXISTS (
    SELECT FROM journeys_journey WHERE id = run.journey_id AND state = 'live' FOR SHARE
  )
ORDER BY run.due_at LIMIT %s FOR NO KEY UPDATE SKIP LOCKED
"""
WRITE = """
WITH result AS (
    SELECT * FROM unnest(
        %s::bigint[], %s::text[], %s::text[], %s::int[], %s::int[], %s::timestamptz[],
        %s::boolean[], %s::text[], %s::int[], %s::text[], %s::boolean[], %s::text[], %s::text[],
        %s::jsonb[]
    ) AS one (
        id, state, block, steps, steps_in_row, due_at, is_waiting, waiting_for, tries, end_reason,
        is_logged, text, way, details
    )
), logged AS (
    INSERT INTO journeys_runstep (run_id, number, block, summary, text, way, details)
    SELECT id, steps, %s, %s, text, way, details FROM result WHERE is_logged
)
UPDATE journeys_run AS run SET
    state = result.state, block = result.block, steps = result.steps,
    steps_in_row = result.steps_in_row, due_at = result.due_at, is_waiting = result.is_waiting,
    waiting_for = result.waiting_for, heard = false, tries = result.tries,
    end_reason = result.end_reason,
    ended_at = CASE WHEN result.state <> 'running' THEN now() END
FROM result WHERE run.id = result.id
"""
